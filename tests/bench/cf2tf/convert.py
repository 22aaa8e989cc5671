# SPDX-License-Identifier: Apache-2.0
"""Converts templates (paths, one a line on stdin) with cf2tf in one process, so that its start counts
once: convert.py DOCS OUT. DOCS stands for the provider's documentation, which cf2tf searches."""

import json
import logging
import sys
import time
from pathlib import Path

from cf2tf.cloudformation import Template
from cf2tf.convert import TemplateConverter
from cf2tf.save import create_writer
from cf2tf.terraform.code import SearchManager

logging.disable(logging.CRITICAL)
docs, out = Path(sys.argv[1]), Path(sys.argv[2])
converted = failed = 0
began = time.monotonic()
manager = SearchManager(docs)
for number, line in enumerate(sys.stdin):
    path = Path(line.strip())
    try:
        template = Template.from_yaml(path).template
        config = TemplateConverter(path.stem, template, manager).convert()
        config.save(create_writer(str(out / str(number))))
        converted += 1
    except Exception:  # whatever it cannot do is its result
        failed += 1
print("\n" + json.dumps({"seconds": time.monotonic() - began, "converted": converted,
                         "failed": failed}))
