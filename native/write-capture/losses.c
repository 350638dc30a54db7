/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells which regions were lost. This is looked at after records were taken from the ring and before they are handed on:
 * whatever depends on a lost change was captured after it, so the loss is always told first.
 */
#include "losses.h"

#include <stdbool.h>

#include "blocks.h"
#include "program.h"
#include "disks.h"
#include "fail.h"
#include "frames.h"
#include "records.h"

static struct capture_bpf *capture;
static uint64_t *lost;
static uint64_t told_count;

void watch_losses(struct capture_bpf *program, uint64_t *map)
{
	capture = program;
	lost = map;
}

static void tell(uint16_t slot, uint64_t start, uint64_t end)
{
	if (end > disks[slot].size_bytes)
		end = disks[slot].size_bytes;
	if (start >= end)
		return;
	forget_blocks(slot, start, end);
	put_urgent_frame((struct frame){
		.kind = FRAME_LOST, .slot = slot, .offset_bytes = start, .length_bytes = end - start });
}

static bool is_set(const uint64_t *words, uint64_t region)
{
	return region < LOSS_REGIONS && (words[region / 64] >> (region % 64) & 1);
}

/* Takes a copy, so that what is lost meanwhile is told the next time. */
static bool take_map(uint16_t slot, uint64_t *words)
{
	bool is_any = false;
	for (unsigned i = 0; i < LOSS_WORDS; i++) {
		uint64_t *word = &lost[(uint64_t)slot * LOSS_WORDS + i];
		words[i] = *word == 0 ? 0 : __atomic_exchange_n(word, 0, __ATOMIC_ACQ_REL);
		is_any = is_any || words[i] != 0;
	}
	return is_any;
}

static void tell_regions(uint16_t slot)
{
	static uint64_t words[LOSS_WORDS];
	uint64_t bytes = disks[slot].region_bytes;
	if (!take_map(slot, words))
		return;
	for (uint64_t region = 0; region < LOSS_REGIONS; region++) {
		uint64_t first = region;
		while (is_set(words, region))
			region++;
		if (region > first)
			tell(slot, first * bytes, region * bytes);
	}
}

void tell_losses(void)
{
	if (__atomic_load_n(&capture->bss->is_broken, __ATOMIC_ACQUIRE))
		fail(EXIT_BROKEN, "the ends of changes were lost: nobody knows any more what is in flight");
	uint64_t count = __atomic_load_n(&capture->bss->loss_count, __ATOMIC_ACQUIRE);
	if (count == told_count)
		return;
	told_count = count;
	uint32_t whole = __atomic_exchange_n(&capture->bss->lost_disks, 0, __ATOMIC_ACQ_REL);
	for (uint16_t slot = 0; slot < DISKS_MAX; slot++) {
		if (disks[slot].device == 0)
			continue;
		tell_regions(slot);
		if (whole >> slot & 1)
			tell(slot, 0, disks[slot].size_bytes);
	}
}
