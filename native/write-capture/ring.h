/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the kernel's ring buffer. libbpf's own reader does not tell positions, and everything here stands on them: what
 * was reserved before an instant has been taken once the reader has come to where the writers were at that instant.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stdint.h>

struct record;

/* Maps the ring. `bytes` is the size of its data. */
void open_ring(int descriptor, uint64_t bytes);

/* Where the writers are now. */
uint64_t ring_end(void);

/* Where the reader is: behind the newest record that it has handled, or, while it handles one, behind that one. */
uint64_t ring_position(void);

/*
 * Takes every record that was reserved until now.
 * @returns whether it came to the end: a record that is being written this very moment holds it up
 */
bool consume_ring(void (*handle)(const struct record *record));

#endif
