/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The parts of the kernel's structures that are read here, and no more: where their fields really lie is found out by
 * libbpf from the running kernel's type information, so one object serves every kernel that has it.
 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct page {
	unsigned long flags;
};

struct gendisk;

struct block_device {
	struct gendisk *bd_disk;
	__u32 bd_dev;
};

struct gendisk {
	struct block_device *part0;
	__u64 diskseq;
};

struct bvec_iter {
	__u64 bi_sector;
	__u32 bi_size;
	__u32 bi_idx;
	__u32 bi_bvec_done;
};

struct bio_vec {
	struct page *bv_page;
	__u32 bv_len;
	__u32 bv_offset;
};

struct bio {
	struct bio *bi_next;
	struct block_device *bi_bdev;
	__u32 bi_opf;
	__u16 bi_flags;
	__u8 bi_status;
	struct bvec_iter bi_iter;
	void *bi_private;
	void *bi_crypt_context;
	struct bio_vec *bi_io_vec;
};

struct request {
	struct bio *bio;
};

struct request_queue;

#pragma clang attribute pop

#endif
