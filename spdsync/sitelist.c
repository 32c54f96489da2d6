/* SPDX-License-Identifier: BSD-2-Clause */
/* The sites of the revision in force, for those who make a new tunnel between two of them. */
#include "api.h"
#include "site.h"

void
get_sites(struct req *r)
{
	const struct sites *s = r->s->sites;
	json_t *list = json_array(), *nets;
	char text[PREFIX_STR];

	for (unsigned i = 0; s && i < s->nsites; i++) {
		const struct site *one = &s->sites[i];
		char address[ADDR_STR];

		nets = json_array();
		for (unsigned k = 0; k < one->nnets; k++)
			json_array_append_new(nets, json_string(prefix_str(&one->nets[k], text)));
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o}", "name", one->name, "address",
		    one->address.fam ? json_string(addr_str(&one->address, address)) : json_null(), "id", json_words(one->id), "networks", nets));
	}
	req_reply(r, 200, json_pack("{s:s, s:o}", "here", r->s->site, "sites", list));
}
