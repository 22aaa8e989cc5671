/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema that a provider answers with, cut down to what a root names.
 *
 * The aws provider describes some 1,500 resources and data sources, and terraform reads all of it
 * in every command: two thirds of what a command costs. A root uses a handful.
 *
 * Source: tfplugin5.proto and tfplugin6.proto, message GetProviderSchema.Response (the field
 * numbers are the same in both); gRPC over HTTP/2, "Length-Prefixed-Message".
 */
#ifndef LSQM_TFPLUGIN_SCHEMA_H
#define LSQM_TFPLUGIN_SCHEMA_H

#include "buffer.h"
#include "error.h"

/* Adds to *out the answer (one gRPC message) without the resources, data sources and ephemeral
 * resources that are not among the names (NULL-terminated); everything else stays byte for byte,
 * in its order. LSQM_EINVAL: not an answer that we understand, *out is as it was; LSQM_ENOMEM. */
int lsqm_tfplugin_trim_schema(const char *body, size_t len, const char *const *names,
                              lsqm_buffer *out);

#endif
