/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the BPF program and its user share: the records in the ring, in the order in which they were reserved, and the
 * bounds of the tables. Both sides are built together, so nothing here is a format that lasts.
 */
#ifndef RECORDS_H
#define RECORDS_H

/* Disks that are captured at once. */
#define DISKS_MAX 32
/* Words of 64 bits in the map of one disk's lost regions. A larger disk has larger regions. */
#define LOSS_WORDS 16384
#define LOSS_REGIONS (LOSS_WORDS * 64)
/* Smallest region of that map: 2^11 sectors are 1 MiB. */
#define REGION_SHIFT_MIN 11
/* Changes that are followed from their submission to their end. */
#define IN_FLIGHT_MAX 16384
/* Data in one record. */
#define PIECE_BYTES 4096

enum record_kind {
	/* A piece of a write, with its data. The pieces of one bio come in order, those of others may lie between them. */
	RECORD_PIECE = 1,
	/* A range reads as zeroes. */
	RECORD_ZEROES = 2,
	/* A range was given back. */
	RECORD_DISCARD = 3,
	/* The disk was asked to bring everything to stable storage. */
	RECORD_FLUSH = 4,
	/* A change has ended, well or not. */
	RECORD_END = 5,
};

/* The write reaches stable storage before it ends. */
#define RECORD_FORCED 1

struct record {
	/* Address of the bio: names the change while it is in flight. */
	unsigned long long bio;
	/* Monotonic clock, nanoseconds. */
	unsigned long long time_ns;
	/* Where the whole change begins, sectors of 512 bytes from the start of the whole disk. */
	unsigned long long sector;
	/* Length of the whole change, bytes. */
	unsigned int total_bytes;
	/* Where this piece begins in it, and its length, bytes. */
	unsigned int offset_bytes;
	unsigned int piece_bytes;
	unsigned short slot;
	unsigned char kind;
	unsigned char flags;
};

struct piece_record {
	struct record head;
	char data[PIECE_BYTES];
};

/* How the address of a page's content is found: see find_addresses in kernel-side.c. */
struct calibration {
	/* Name of the task whose read is looked at. */
	char task[16];
	/* Frame number of the page that it reads into, and what the page holds. */
	unsigned long long frame;
	unsigned long long marker[2];
	/* Found: where the kernel's table of pages and its map of all memory begin. */
	unsigned long long page_table;
	unsigned long long direct_map;
};

#endif
