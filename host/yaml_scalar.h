/* SPDX-License-Identifier: Apache-2.0 */
/* What a plain scalar means. Private to yaml.c. */
#ifndef LSQM_YAML_SCALAR_H
#define LSQM_YAML_SCALAR_H

#include "yaml.h"

/* Sets type and value from n->text by the core schema; what a number would alter stays a string. */
void lsqm_yaml_resolve(lsqm_yaml_node *n, int yaml11);

/* The same for an explicit core tag ("int", "str", …): LSQM_EINVAL when the text does not fit,
 * LSQM_ENOENT when the tag is not one of the core tags. */
int lsqm_yaml_resolve_as(lsqm_yaml_node *n, const char *core);

/* Offset of the first byte that is not UTF-8, or len. */
size_t lsqm_yaml_utf8_prefix(const char *text, size_t len);

#endif
