# SPDX-License-Identifier: Apache-2.0
import app


def test_reads_what_was_deployed(ssm, greeting):
    assert app.read(ssm, greeting) == "hello"


def test_overwrites(ssm, greeting):
    ssm.put_parameter(Name=greeting, Value="bye", Type="String", Overwrite=True)
    assert app.read(ssm, greeting) == "bye"


def test_wants_what_nobody_deployed(ssm):
    assert app.read(ssm, "/lab/nothing") == "hello"
