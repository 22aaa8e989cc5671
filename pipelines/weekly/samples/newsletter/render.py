# SPDX-License-Identifier: Apache-2.0
"""Renders an issue of the newsletter and reminds the editor of the next one."""

import html
import os


def handler(event, context):
    """Render every published issue as a page and name the place it belongs to."""
    pages = []
    for record in event.get("Records", []):
        text = record.get("Sns", {}).get("Message", "")
        pages.append(f"<html><body><p>{html.escape(text)}</p></body></html>")
    return {"bucket": os.environ["BUCKET"], "pages": pages}


def remind(event, context):
    """Tell the editor that a week has gone by."""
    return {"reminder": "the next issue is due"}
