/* SPDX-License-Identifier: Apache-2.0 */
#include "blocks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "disks.h"
#include "frames.h"
#include "records.h"
#include "ring.h"

/* Blocks that are remembered: 16 MiB. One that is forgotten is read again. */
#define REMEMBERED 4096

struct block {
	uint64_t start;
	uint16_t slot;
	bool is_used;
	char *data;
};

static struct block remembered[REMEMBERED];
static unsigned used_count;

/* Between hold and release lies what must not be parted by a cut. */
static bool is_held;
static uint64_t held_until;

static void hold_until(uint64_t position)
{
	if (!is_held)
		put_frame((struct frame){ .kind = FRAME_HOLD }, NULL);
	is_held = true;
	if (position > held_until)
		held_until = position;
}

void release_when_due(void)
{
	if (!is_held || ring_position() < held_until)
		return;
	is_held = false;
	put_frame((struct frame){ .kind = FRAME_RELEASE }, NULL);
}

static uint64_t block_start(uint64_t offset)
{
	return offset & ~(uint64_t)(BLOCK_BYTES - 1);
}

static uint64_t minimum(uint64_t left, uint64_t right)
{
	return left < right ? left : right;
}

static struct block *place_of(uint16_t slot, uint64_t start)
{
	uint64_t hash = (start / BLOCK_BYTES + slot * 0x10001ull) * 0x9e3779b97f4a7c15ull;
	return &remembered[hash >> 52];
}

static bool is_there(const struct block *block, uint16_t slot, uint64_t start)
{
	return block->is_used && block->slot == slot && block->start == start;
}

static void forget(struct block *block)
{
	block->is_used = false;
	used_count--;
}

static void forget_each(uint16_t slot, uint64_t start, uint64_t end)
{
	for (uint64_t block = block_start(start); block < end; block += BLOCK_BYTES) {
		struct block *place = place_of(slot, block);
		if (is_there(place, slot, block))
			forget(place);
	}
}

void forget_blocks(uint16_t slot, uint64_t start, uint64_t end)
{
	if (used_count == 0)
		return;
	if ((end - start) / BLOCK_BYTES < REMEMBERED) {
		forget_each(slot, start, end);
		return;
	}
	for (struct block *place = remembered; place < remembered + REMEMBERED; place++) {
		if (place->is_used && place->slot == slot && place->start + BLOCK_BYTES > start && place->start < end)
			forget(place);
	}
}

void put_lost(uint16_t slot, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	forget_blocks(slot, start, end);
	put_frame((struct frame){ .kind = FRAME_LOST, .slot = slot, .offset_bytes = start, .length_bytes = end - start },
		  NULL);
}

/*
 * Reads a block past the page cache. What is read may have come later than the change that we are at, but not later than
 * where the writers of the ring are afterwards: until there nothing may be cut.
 */
static bool read_block(struct block *place, uint16_t slot, uint64_t start)
{
	uint64_t bytes = minimum(BLOCK_BYTES, disks[slot].size_bytes - start);
	if (!place->data)
		place->data = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
	if (!place->data || !read_disk(slot, place->data, bytes, start))
		return false;
	hold_until(ring_end());
	*place = (struct block){ .start = start, .slot = slot, .is_used = true, .data = place->data };
	used_count++;
	return true;
}

/*
 * The content of a block just before a change. It cannot be known while another change of the same block is in flight that
 * we have not remembered: the programs that make them do not know either.
 */
static struct block *block_before(const struct change *change, uint64_t start)
{
	struct block *place = place_of(change->slot, start);
	if (is_there(place, change->slot, start))
		return place;
	if (is_in_flight(change->slot, start, start + BLOCK_BYTES, UINT64_MAX, change))
		return NULL;
	if (place->is_used)
		forget(place);
	return read_block(place, change->slot, start) ? place : NULL;
}

static void put_blocks(const struct change *change, uint64_t start, const char *data, uint64_t bytes)
{
	for (uint64_t done = 0; done < bytes; done += FRAME_PAYLOAD_MAX) {
		uint64_t part = minimum(bytes - done, FRAME_PAYLOAD_MAX);
		struct frame frame = {
			.payload_bytes = (uint32_t)part,
			.kind = FRAME_WRITE,
			.flags = change->flags & RECORD_FORCED ? FRAME_FORCED : 0,
			.slot = change->slot,
			.time_micros = change->time_ns / 1000,
			.offset_bytes = start + done,
			.length_bytes = part,
		};
		put_frame(frame, data + done);
	}
}

/* Lays a part of a change over the one block that it touches in part. `data` is NULL for zeroes. */
static void put_part(const struct change *change, uint64_t start, uint64_t end, const char *data)
{
	uint64_t first = block_start(start);
	struct block *block = block_before(change, first);
	if (!block) {
		put_lost(change->slot, first, minimum(first + BLOCK_BYTES, disks[change->slot].size_bytes));
		return;
	}
	if (data)
		memcpy(block->data + (start - first), data, end - start);
	else
		memset(block->data + (start - first), 0, end - start);
	put_blocks(change, first, block->data, minimum(BLOCK_BYTES, disks[change->slot].size_bytes - first));
}

/* Whole blocks begin and end where blocks do, or end with the disk. */
struct middle {
	uint64_t start;
	uint64_t end;
};

static struct middle middle_of(const struct change *change)
{
	uint64_t start = block_start(change->start + BLOCK_BYTES - 1);
	uint64_t end = change->end == disks[change->slot].size_bytes ? change->end : block_start(change->end);
	return (struct middle){ .start = start, .end = end };
}

static void put_middle(const struct change *change, struct middle middle, const char *data)
{
	forget_blocks(change->slot, middle.start, middle.end);
	if (data) {
		put_blocks(change, middle.start, data, middle.end - middle.start);
		return;
	}
	put_frame((struct frame){ .kind = FRAME_ZEROES,
				  .flags = change->flags & RECORD_FORCED ? FRAME_FORCED : 0,
				  .slot = change->slot,
				  .time_micros = change->time_ns / 1000,
				  .offset_bytes = middle.start,
				  .length_bytes = middle.end - middle.start },
		  NULL);
}

static void put_change(const struct change *change, const char *data)
{
	struct middle middle = middle_of(change);
	bool is_whole = middle.start == change->start && middle.end == change->end;
	if (!is_whole || change->end - change->start > FRAME_PAYLOAD_MAX)
		hold_until(ring_position());
	if (middle.start >= middle.end && block_start(change->start) == block_start(change->end - 1)) {
		put_part(change, change->start, change->end, data);
		return;
	}
	if (change->start < middle.start)
		put_part(change, change->start, middle.start, data);
	if (middle.start < middle.end)
		put_middle(change, middle, data ? data + (middle.start - change->start) : NULL);
	if (middle.end < change->end)
		put_part(change, middle.end, change->end, data ? data + (middle.end - change->start) : NULL);
}

/* The order in which two changes of one place reach it is nobody's promise while both are in flight. */
static void put_lost_when_crossing(const struct change *change)
{
	if (is_in_flight(change->slot, change->start, change->end, change->number, change))
		put_lost(change->slot, change->start, change->end);
}

void put_write(const struct change *change, const char *data)
{
	put_change(change, data);
	put_lost_when_crossing(change);
}

void put_zeroes(const struct change *change)
{
	put_change(change, NULL);
	put_lost_when_crossing(change);
}
