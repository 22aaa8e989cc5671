# SPDX-License-Identifier: Apache-2.0
def read(ssm, name):
    return ssm.get_parameter(Name=name)["Parameter"]["Value"]
