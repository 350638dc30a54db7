/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands are lines of words: "add SLOT PATH", "remove SLOT", "settle TAG SLOT OFFSET LENGTH". The last one is answered once
 * everything that was captured until now was handed on, and every change of the range that was in flight until now has
 * ended; with length 0 the second is nothing.
 */
#include "commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "program.h"
#include "changes.h"
#include "disks.h"
#include "fail.h"
#include "frames.h"
#include "records.h"
#include "ring.h"

/* One path and a few words. */
#define LINE_BYTES_MAX 8192
#define WAITING_MAX 256

struct waiting {
	/* FRAME_SETTLED or FRAME_REMOVED; 0: free. */
	uint8_t kind;
	uint16_t slot;
	uint64_t tag;
	uint64_t start;
	uint64_t end;
	/* Where the reader of the ring must have come to. */
	uint64_t position;
	/* Changes below this one must have ended; 0 until the reader has come there. */
	uint64_t number_end;
};

static struct capture_bpf *capture;
static struct waiting all_waiting[WAITING_MAX];
static char line[LINE_BYTES_MAX];
static size_t line_bytes;

void open_commands(struct capture_bpf *program)
{
	capture = program;
}

static void wait_for(struct waiting wanted)
{
	for (int i = 0; i < WAITING_MAX; i++) {
		if (all_waiting[i].kind != 0)
			continue;
		all_waiting[i] = wanted;
		all_waiting[i].position = ring_end();
		return;
	}
	fail(EXIT_USAGE, "more than %d questions wait for an answer", WAITING_MAX);
}

static unsigned region_shift_of(const struct disk *disk)
{
	unsigned shift = 0;
	while (512ull << shift < disk->region_bytes)
		shift++;
	return shift;
}

/* The kernel's own number of a device, which is not that of struct stat. */
static uint32_t kernel_number(uint64_t device)
{
	return (uint32_t)(major(device) << 20 | minor(device));
}

static void add(uint16_t slot, const char *path)
{
	const char *reason = disks[slot].device == 0 ? open_disk(slot, path) : "the slot is taken";
	if (reason) {
		put_frame((struct frame){ .kind = FRAME_REFUSED, .slot = slot, .payload_bytes = (uint32_t)strlen(reason) },
			  reason);
		return;
	}
	const struct disk *disk = &disks[slot];
	capture->bss->region_shift[slot] = region_shift_of(disk);
	capture->bss->sequences[slot] = disk->sequence;
	__atomic_store_n(&capture->bss->devices[slot], kernel_number(disk->device), __ATOMIC_RELEASE);
	put_frame((struct frame){ .kind = FRAME_ADDED,
				  .slot = slot,
				  .length_bytes = disk->size_bytes,
				  .tag = disk->region_bytes },
		  NULL);
}

static void remove_disk(uint16_t slot)
{
	__atomic_store_n(&capture->bss->devices[slot], 0, __ATOMIC_RELEASE);
	wait_for((struct waiting){ .kind = FRAME_REMOVED, .slot = slot, .end = UINT64_MAX });
}

static void obey(const char *words)
{
	uint64_t tag, start, length;
	uint16_t slot;
	int path_start = 0;
	if (sscanf(words, "add %" SCNu16 " %n", &slot, &path_start) == 1 && path_start > 0 && slot < DISKS_MAX)
		add(slot, words + path_start);
	else if (sscanf(words, "remove %" SCNu16, &slot) == 1 && slot < DISKS_MAX)
		remove_disk(slot);
	else if (sscanf(words, "settle %" SCNu64 " %" SCNu16 " %" SCNu64 " %" SCNu64, &tag, &slot, &start, &length) == 4 &&
		 slot < DISKS_MAX)
		wait_for((struct waiting){
			.kind = FRAME_SETTLED, .slot = slot, .tag = tag, .start = start, .end = start + length });
	else
		fail(EXIT_USAGE, "not a command: %s", words);
}

bool read_commands(void)
{
	ssize_t count = read(STDIN_FILENO, line + line_bytes, sizeof(line) - line_bytes);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR;
	if (count == 0)
		return false;
	line_bytes += (size_t)count;
	char *end;
	while ((end = memchr(line, '\n', line_bytes))) {
		*end = '\0';
		obey(line);
		line_bytes -= (size_t)(end + 1 - line);
		memmove(line, end + 1, line_bytes);
	}
	if (line_bytes == sizeof(line))
		fail(EXIT_USAGE, "a command is too long");
	return true;
}

static bool is_due(struct waiting *waiting)
{
	if (ring_position() < waiting->position)
		return false;
	if (waiting->number_end == 0)
		waiting->number_end = next_change_number();
	return !is_in_flight(waiting->slot, waiting->start, waiting->end, waiting->number_end, NULL);
}

static void answer(struct waiting *waiting)
{
	if (waiting->kind == FRAME_REMOVED)
		disks[waiting->slot].device = 0;
	put_frame((struct frame){ .kind = waiting->kind, .slot = waiting->slot, .tag = waiting->tag }, NULL);
	waiting->kind = 0;
}

bool answer_settled(void)
{
	bool is_any_waiting = false;
	for (int i = 0; i < WAITING_MAX; i++) {
		struct waiting *waiting = &all_waiting[i];
		if (waiting->kind == 0)
			continue;
		if (is_due(waiting))
			answer(waiting);
		else
			is_any_waiting = true;
	}
	return is_any_waiting;
}
