/* SPDX-License-Identifier: Apache-2.0 */
/* The stream that is written to the standard output; docs/formats/write-capture.md describes it for its reader. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>
#include <stdint.h>

enum frame_kind {
	FRAME_HELLO = 1,
	FRAME_WRITE = 2,
	FRAME_ZEROES = 3,
	FRAME_FLUSH = 4,
	FRAME_LOST = 5,
	FRAME_HOLD = 6,
	FRAME_RELEASE = 7,
	FRAME_TICK = 8,
	FRAME_ADDED = 9,
	FRAME_REMOVED = 10,
	FRAME_SETTLED = 11,
	FRAME_REFUSED = 12,
};

#define FRAME_FORCED 1

/* Head of a frame: 48 bytes, little-endian, as it lies in memory here. */
struct frame {
	uint32_t payload_bytes;
	uint8_t kind;
	uint8_t flags;
	uint16_t slot;
	uint64_t number;
	/* Monotonic clock, microseconds. */
	uint64_t time_micros;
	uint64_t offset_bytes;
	uint64_t length_bytes;
	uint64_t tag;
};

/* Largest payload of a frame. */
#define FRAME_PAYLOAD_MAX (1 << 20)

/* Adds a frame; its number is set here. `payload` has payload_bytes bytes. */
void put_frame(struct frame frame, const void *payload);

/*
 * Writes out what was added. Before it goes what before_flush has to say: a loss must be told before anything that was
 * captured after it.
 */
void flush_frames(void);

/* Called at the start of each flush, and adds its frames with put_urgent_frame. */
extern void (*before_flush)(void);
void put_urgent_frame(struct frame frame);

#endif
