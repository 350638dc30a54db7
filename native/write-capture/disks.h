/* SPDX-License-Identifier: Apache-2.0 */
/* The disks that are captured. */
#ifndef DISKS_H
#define DISKS_H

#include <stdbool.h>
#include <stdint.h>

#include "records.h"

struct disk {
	char path[4096];
	/* As in struct stat; 0 for a free slot. */
	uint64_t device;
	/* Tells it from another disk that takes its place; 0 before Linux 5.15. */
	uint64_t sequence;
	uint64_t size_bytes;
	/* Granularity of its map of losses, bytes. */
	uint64_t region_bytes;
	/* Open while something is read; -1 otherwise, so that we are in nobody's way who wants to remove the disk. */
	int descriptor;
	uint64_t used_ns;
};

extern struct disk disks[DISKS_MAX];

/*
 * Takes a whole disk into a free slot.
 * @returns why it cannot be taken, in words for people; NULL when it was
 */
const char *open_disk(uint16_t slot, const char *path);

/* Reads past the page cache. @returns whether all of it was read */
bool read_disk(uint16_t slot, void *target, uint64_t bytes, uint64_t offset);

/* Lets go of descriptors that were not used for a while. */
void rest_disks(void);

#endif
