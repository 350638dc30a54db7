/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"

/* One large frame and many small ones; more waiting would only make them late. */
#define BUFFER_BYTES (2 << 20)

_Static_assert(sizeof(struct frame) == 48, "the head of a frame has 48 bytes");

void (*before_flush)(void);

static char buffer[BUFFER_BYTES];
static size_t used_bytes;
static uint64_t last_number;

static void write_all(const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, count);
		if (written < 0 && errno == EINTR)
			continue;
		/* Whoever read us is gone. */
		if (written < 0)
			exit(errno == EPIPE ? 0 : EXIT_FAILED);
		bytes += written;
		count -= written;
	}
}

void flush_frames(void)
{
	before_flush();
	write_all(buffer, used_bytes);
	used_bytes = 0;
}

void put_frame(struct frame frame, const void *payload)
{
	size_t bytes = sizeof(frame) + frame.payload_bytes;
	if (used_bytes + bytes > BUFFER_BYTES)
		flush_frames();
	frame.number = ++last_number;
	memcpy(buffer + used_bytes, &frame, sizeof(frame));
	if (frame.payload_bytes > 0)
		memcpy(buffer + used_bytes + sizeof(frame), payload, frame.payload_bytes);
	used_bytes += bytes;
}

/* Goes before frames that have their numbers already, so it has none. */
void put_urgent_frame(struct frame frame)
{
	frame.number = 0;
	write_all((const char *)&frame, sizeof(frame));
}
