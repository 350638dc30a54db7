/* SPDX-License-Identifier: Apache-2.0 */
#include "changes.h"

#include <stdlib.h>

#include "fail.h"
#include "records.h"

#define BUCKETS 4096

static struct change *buckets[BUCKETS];
static struct change *first;
static uint64_t next_number = 1;

static struct change **bucket_of(uint64_t bio)
{
	return &buckets[(bio * 0x9e3779b97f4a7c15ull) >> 52];
}

struct change *find_change(uint64_t bio)
{
	struct change *change = *bucket_of(bio);
	while (change && change->bio != bio)
		change = change->next_in_bucket;
	return change;
}

struct change *begin_change(const struct record *record)
{
	struct change *change = allocate(sizeof(*change));
	struct change **bucket = bucket_of(record->bio);
	*change = (struct change){
		.bio = record->bio,
		.number = next_number++,
		.start = record->sector * 512,
		.end = record->sector * 512 + record->total_bytes,
		.time_ns = record->time_ns,
		.slot = record->slot,
		.flags = record->flags,
		.next_in_bucket = *bucket,
		.next = first,
	};
	if (first)
		first->previous = change;
	first = change;
	*bucket = change;
	return change;
}

void end_change(uint64_t bio)
{
	struct change **link = bucket_of(bio);
	while (*link && (*link)->bio != bio)
		link = &(*link)->next_in_bucket;
	struct change *change = *link;
	if (!change)
		return;
	*link = change->next_in_bucket;
	if (change->previous)
		change->previous->next = change->next;
	else
		first = change->next;
	if (change->next)
		change->next->previous = change->previous;
	free(change->data);
	free(change);
}

uint64_t next_change_number(void)
{
	return next_number;
}

bool is_in_flight(uint16_t slot, uint64_t start, uint64_t end, uint64_t number_end, const struct change *other_than)
{
	for (const struct change *change = first; change; change = change->next) {
		if (change->slot == slot && change->start < end && start < change->end && change->number < number_end &&
		    change != other_than)
			return true;
	}
	return false;
}
