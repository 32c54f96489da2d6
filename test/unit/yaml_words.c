/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a YAML text says, by libyaml's own loader and nothing of Causeway's: random_edits.py holds spdsync's reading against it. Frames come on
 * stdin, "LENGTH\n" and so many octets; each is answered by a line of JSON, every scalar as its text, or by "null" when it is no document of
 * maps, lists and scalars, or gives a key twice.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define DEPTH	50

static json_t *node_json(yaml_document_t *, int index, unsigned depth);

static json_t *
map_json(yaml_document_t *d, const yaml_node_t *n, unsigned depth)
{
	json_t *o = json_object();

	for (const yaml_node_pair_t *p = n->data.mapping.pairs.start; o && p < n->data.mapping.pairs.top; p++) {
		const yaml_node_t *k = yaml_document_get_node(d, p->key);
		json_t *v = node_json(d, p->value, depth + 1);
		const char *key = k && k->type == YAML_SCALAR_NODE ? (const char *)k->data.scalar.value : NULL;

		if (!key || !v || json_object_get(o, key) || json_object_set_new(o, key, v) != 0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static json_t *
list_json(yaml_document_t *d, const yaml_node_t *n, unsigned depth)
{
	json_t *a = json_array();

	for (const yaml_node_item_t *i = n->data.sequence.items.start; a && i < n->data.sequence.items.top; i++) {
		if (json_array_append_new(a, node_json(d, *i, depth + 1)) != 0) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

static json_t *
node_json(yaml_document_t *d, int index, unsigned depth)
{
	const yaml_node_t *n = yaml_document_get_node(d, index);

	if (!n || depth > DEPTH)
		return NULL;
	if (n->type == YAML_MAPPING_NODE)
		return map_json(d, n, depth);
	if (n->type == YAML_SEQUENCE_NODE)
		return list_json(d, n, depth);
	return n->type == YAML_SCALAR_NODE ? json_stringn((const char *)n->data.scalar.value, n->data.scalar.length) : NULL;
}

static json_t *
text_json(const unsigned char *text, size_t n)
{
	yaml_document_t first, second;
	yaml_parser_t p;
	json_t *j = NULL;

	if (!yaml_parser_initialize(&p))
		return NULL;
	yaml_parser_set_input_string(&p, text, n);
	if (yaml_parser_load(&p, &first)) {
		j = node_json(&first, 1, 0);
		yaml_document_delete(&first);
		if (!yaml_parser_load(&p, &second) || yaml_document_get_root_node(&second)) {
			json_decref(j);
			j = NULL;
		}
	}
	yaml_parser_delete(&p);
	return j;
}

int
main(void)
{
	static unsigned char text[1 << 20];
	char line[32];

	while (fgets(line, sizeof(line), stdin)) {
		size_t n = strtoul(line, NULL, 10);
		json_t *j;

		if (n > sizeof(text) || fread(text, 1, n, stdin) != n)
			return 1;
		j = text_json(text, n);
		if (!j || json_dumpf(j, stdout, JSON_COMPACT) != 0)
			fputs("null", stdout);
		fputc('\n', stdout);
		fflush(stdout);
		json_decref(j);
	}
	return 0;
}
