/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changes that are in flight, as the ring tells of them: exactly those that were submitted before the place that we
 * have come to, and had not ended before it.
 */
#ifndef CHANGES_H
#define CHANGES_H

#include <stdbool.h>
#include <stdint.h>

struct record;

struct change {
	uint64_t bio;
	/* Grows from change to change. */
	uint64_t number;
	/* Bytes, the end exclusive. */
	uint64_t start;
	uint64_t end;
	uint64_t time_ns;
	uint64_t received_bytes;
	/* Content of a write that comes in several pieces; NULL otherwise. */
	char *data;
	uint16_t slot;
	uint8_t flags;
	struct change *next_in_bucket;
	struct change *previous;
	struct change *next;
};

/* Takes up a change at its first record. */
struct change *begin_change(const struct record *record);

/* The change that a record speaks of; NULL: none that is known. */
struct change *find_change(uint64_t bio);

/* Forgets a change that has ended. */
void end_change(uint64_t bio);

/* Number that the next change will have. */
uint64_t next_change_number(void);

/* Whether a change below a number, other than one, is in flight in a range. */
bool is_in_flight(uint16_t slot, uint64_t start, uint64_t end, uint64_t number_end, const struct change *other_than);

#endif
