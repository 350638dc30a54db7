/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes whole blocks of 4 KiB out of changes that cover blocks in part, as those of a file system with sectors of 512 bytes
 * do. What such a block held before is read from the disk once, and remembered while it is changed in part only.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <stdint.h>

#define BLOCK_BYTES 4096

struct change;

/* Puts the frames of a write. `data` is its content, or NULL for zeroes. */
void put_write(const struct change *change, const char *data);

/* Puts the frames of a range that reads as zeroes from now on. */
void put_zeroes(const struct change *change);

/* Tells that nobody knows what a range holds, and forgets what was remembered of it. */
void put_lost(uint16_t slot, uint64_t start, uint64_t end);

/* Forgets what was remembered of a range. */
void forget_blocks(uint16_t slot, uint64_t start, uint64_t end);

/* Ends a hold once the reader of the ring has come far enough: see hold_until in blocks.c. */
void release_when_due(void);

#endif
