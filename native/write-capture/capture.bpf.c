/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Copies every change of chosen block devices into a ring buffer before it goes to the device.
 *
 * Invariants:
 *  - A change is in the ring, or its regions are marked as lost, before the device can see it. A change that depends on
 *    another is submitted after that one has ended, so the order of the ring is one in which a power cut could have
 *    stopped the disk at any place.
 *  - Whoever has taken a record from the ring and looks at loss_count afterwards knows of every loss before that record.
 *  - What has ended and was never seen to begin (it was under way when we came, or took a path that we do not know) makes
 *    the whole disk lost. So nothing is missed silently.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "kernel-types.h"
#include "records.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The operations of include/linux/blk_types.h; an odd number changes the disk. They have been the same since Linux 4.10. */
#define OP_MASK 0xff
#define OP_WRITE 1
#define OP_DISCARD 3
#define OP_SECURE_ERASE 5
#define OP_WRITE_ZEROES 9

#define GIBIBYTE (1ULL << 30)
/* 64 TiB of memory. */
#define CANDIDATES_MAX (1 << 16)
/* Pieces of one bio: more than any ring has room for. */
#define PIECES_MAX (1 << 20)
/* Bios in one request. */
#define BIOS_MAX (1 << 16)

/* Bytes in the ring above which no data is added: the rest is for the ends of changes, which must never be lost. */
const volatile __u64 data_bytes_max = 0;
/* Bytes in the ring at which the reader is woken; below it looks by itself, so that it is not woken for every write. */
const volatile __u64 wake_bytes = 0;
/* Bits that kernels number differently. */
const volatile __u32 traced_flag = 0;
const volatile __u32 forced_flag = 0;

/* Numbers of the whole disks; 0: the slot is free. */
volatile __u32 devices[DISKS_MAX];
/* Sequence numbers of the same disks: another one that takes the place of a disk has its number, but not this. */
volatile __u64 sequences[DISKS_MAX];
/* Sectors of a region in the map of losses, as a power of two. */
volatile __u32 region_shift[DISKS_MAX];
/* Grows with every loss. */
volatile __u64 loss_count;
/* One bit for each disk that is lost as a whole. */
volatile __u32 lost_disks;
/* Whether the end of a change was lost: then nobody knows any more what is in flight. */
volatile __u32 is_broken;
struct calibration calibration;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 26);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DISKS_MAX * LOSS_WORDS);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

/* How much of a change is in the ring. */
enum presence { WHOLE = 0, PART = 1, NOTHING = 2 };

/* A change in flight. */
struct change {
	__u64 sector;
	__u32 bytes;
	/* Of these the parts that were split off have not ended yet. */
	__u32 rest_bytes;
	__u16 slot;
	__u16 presence;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, IN_FLIGHT_MAX);
	__type(key, __u64);
	__type(value, struct change);
} in_flight SEC(".maps");

/* How deep each processor is in programs that see ends; one for each kind of program. */
#define LEVELS_OF_REQUESTS 0
#define LEVELS_OF_BIOS 1

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} levels SEC(".maps");

struct marking {
	__u64 region;
	__u64 last;
	__u32 slot;
};

static long mark_region(__u32 step, struct marking *marking)
{
	if (marking->region > marking->last || marking->region >= LOSS_REGIONS)
		return 1;
	__u32 index = marking->slot * LOSS_WORDS + (marking->region >> 6);
	__u64 *word = bpf_map_lookup_elem(&losses, &index);
	if (word)
		__sync_fetch_and_or(word, 1ULL << (marking->region & 63));
	marking->region++;
	return 0;
}

/* First the regions, then the count: who sees the count sees the regions. */
static __always_inline void lose(const struct change *change)
{
	__u32 slot = change->slot;
	/* Says nothing new, but to the verifier, from whom the compiler would hide it otherwise. */
	barrier_var(slot);
	slot &= DISKS_MAX - 1;
	__u32 shift = region_shift[slot] & 63;
	__u64 last_sector = change->sector + (change->bytes ? (change->bytes - 1) >> 9 : 0);
	struct marking marking = {
		.region = change->sector >> shift,
		.last = last_sector >> shift,
		.slot = slot,
	};
	bpf_loop(LOSS_REGIONS, mark_region, &marking, 0);
	__sync_fetch_and_add(&loss_count, 1);
}

static __always_inline void lose_disk(__u32 slot)
{
	__sync_fetch_and_or(&lost_disks, 1U << slot);
	__sync_fetch_and_add(&loss_count, 1);
}

/* @returns -1 for a disk that is not captured */
static __always_inline int slot_with(__u32 number, __u64 sequence)
{
	for (int slot = 0; slot < DISKS_MAX; slot++) {
		if (devices[slot] == number && sequences[slot] == sequence)
			return slot;
	}
	return -1;
}

/* The slot of the whole disk that a bio goes to. Partitions have been mapped to their disk before. */
static __always_inline int slot_of(struct bio *bio)
{
	struct gendisk *disk = bio->bi_bdev->bd_disk;
	return slot_with(disk->part0->bd_dev, bpf_core_field_exists(disk->diskseq) ? disk->diskseq : 0);
}

static __always_inline __u64 wake_flag(__u64 waiting)
{
	/* A stretch and not a border, since several processors may step over it at once. */
	return waiting >= wake_bytes && waiting < wake_bytes + 65536 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Adds a record without data. @returns whether there was room */
static __always_inline bool put_record(const struct record *source, __u64 bytes_max)
{
	__u64 waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	if (waiting > bytes_max)
		return false;
	struct record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record)
		return false;
	*record = *source;
	bpf_ringbuf_submit(record, wake_flag(waiting));
	return true;
}

/* Where the copying of a bio's data stands. */
struct walk {
	struct record next;
	__u64 vectors;
	__u32 vector;
	__u32 vector_done;
};

static __always_inline __u64 content_of(__u64 page)
{
	__u64 frame = (page - calibration.page_table) / bpf_core_type_size(struct page);
	return calibration.direct_map + (frame << 12);
}

static long copy_piece(__u32 step, struct walk *walk)
{
	__u32 rest = walk->next.total_bytes - walk->next.offset_bytes;
	if (rest == 0)
		return 1;
	struct bio_vec vector;
	if (bpf_probe_read_kernel(&vector, sizeof(vector), (void *)(walk->vectors + walk->vector * sizeof(vector))))
		return 1;
	__u32 length = vector.bv_len - walk->vector_done;
	if (length > PIECE_BYTES)
		length = PIECE_BYTES;
	if (length > rest)
		length = rest;
	__u64 waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	if (waiting > data_bytes_max)
		return 1;
	struct piece_record *piece = bpf_ringbuf_reserve(&ring, sizeof(*piece), 0);
	if (!piece)
		return 1;
	piece->head = walk->next;
	piece->head.piece_bytes = length;
	__u64 content = content_of((__u64)vector.bv_page) + vector.bv_offset + walk->vector_done;
	if (length > PIECE_BYTES || bpf_probe_read_kernel(piece->data, length, (void *)content)) {
		bpf_ringbuf_discard(piece, BPF_RB_NO_WAKEUP);
		return 1;
	}
	bpf_ringbuf_submit(piece, wake_flag(waiting));
	walk->next.offset_bytes += length;
	walk->vector_done += length;
	if (walk->vector_done == vector.bv_len) {
		walk->vector++;
		walk->vector_done = 0;
	}
	return 0;
}

/* What is encrypted below us is not what we see. */
static __always_inline bool is_encrypted_below(struct bio *bio)
{
	return bpf_core_field_exists(bio->bi_crypt_context) && bio->bi_crypt_context;
}

static __always_inline enum presence copy_data(struct bio *bio, const struct record *first)
{
	struct walk walk = {
		.next = *first,
		.vectors = (__u64)bio->bi_io_vec,
		.vector = bio->bi_iter.bi_idx,
		.vector_done = bio->bi_iter.bi_bvec_done,
	};
	if (is_encrypted_below(bio))
		return NOTHING;
	bpf_loop(PIECES_MAX, copy_piece, &walk, 0);
	if (walk.next.offset_bytes == 0)
		return NOTHING;
	return walk.next.offset_bytes == walk.next.total_bytes ? WHOLE : PART;
}

static __always_inline enum presence capture(struct bio *bio, __u32 operation, struct record *record)
{
	if (operation == OP_WRITE && record->total_bytes > 0) {
		record->kind = RECORD_PIECE;
		return copy_data(bio, record);
	}
	if (operation == OP_WRITE)
		record->kind = RECORD_FLUSH;
	else if (operation == OP_WRITE_ZEROES)
		record->kind = RECORD_ZEROES;
	else
		record->kind = RECORD_DISCARD;
	return put_record(record, data_bytes_max) ? WHOLE : NOTHING;
}

static __always_inline bool is_known(__u32 operation)
{
	return operation == OP_WRITE || operation == OP_WRITE_ZEROES || operation == OP_DISCARD ||
	       operation == OP_SECURE_ERASE;
}

static __always_inline void on_change(struct bio *bio, int slot)
{
	__u32 flags = bio->bi_opf;
	__u32 operation = flags & OP_MASK;
	struct change change = {
		.sector = bio->bi_iter.bi_sector,
		.bytes = bio->bi_iter.bi_size,
		.rest_bytes = bio->bi_iter.bi_size,
		.slot = slot,
	};
	struct record record = {
		.bio = (__u64)bio,
		.time_ns = bpf_ktime_get_ns(),
		.sector = change.sector,
		.total_bytes = change.bytes,
		.slot = slot,
		.flags = flags & forced_flag ? RECORD_FORCED : 0,
	};
	__u64 key = record.bio;
	/* Without its place in this table the end of the change is that of one that nobody knows. */
	if (!is_known(operation) || bpf_map_update_elem(&in_flight, &key, &change, BPF_ANY)) {
		lose_disk(slot);
		return;
	}
	enum presence presence = capture(bio, operation, &record);
	if (presence == WHOLE)
		return;
	struct change *kept = bpf_map_lookup_elem(&in_flight, &key);
	if (kept)
		kept->presence = presence;
	lose(&change);
}

static __always_inline bool is_change(struct bio *bio)
{
	return bio->bi_opf & 1;
}

SEC("tp_btf/block_bio_queue")
int BPF_PROG(on_queue, struct bio *bio)
{
	if (!is_change(bio))
		return 0;
	int slot = slot_of(bio);
	if (slot >= 0)
		on_change(bio, slot);
	return 0;
}

/*
 * A driver that stacks disks without copies (RAID 0, linear) sends the same bio on, which is queued only once. The event
 * comes for partitions too: then the bio is queued later, unless it was already, and speaks of the partition itself.
 */
SEC("tp_btf/block_bio_remap")
int BPF_PROG(on_remap, struct bio *bio, __u32 from, __u64 from_sector)
{
	if (!is_change(bio) || !(bio->bi_flags & traced_flag))
		return 0;
	__u32 number = bio->bi_bdev->bd_dev;
	bool is_whole = number == bio->bi_bdev->bd_disk->part0->bd_dev;
	if (!is_whole && from != number)
		return 0;
	int slot = slot_of(bio);
	if (slot >= 0)
		on_change(bio, slot);
	return 0;
}

/* Tells of the end of a change, after which whoever made it may go on. */
static __always_inline void end(__u64 bio, const struct change *change)
{
	struct record record = { .bio = bio, .time_ns = bpf_ktime_get_ns(), .slot = change->slot, .kind = RECORD_END };
	/* A lost change may have reached the disk only now. */
	if (change->presence != WHOLE)
		lose(change);
	if (change->presence != NOTHING && !put_record(&record, ~0ULL))
		is_broken = 1;
	bpf_map_delete_elem(&in_flight, &bio);
}

/* Bios of one request that are ending. */
struct ending {
	/* The next one, by its address: what hangs on another can only be read as memory. */
	__u64 bio;
	__u32 rest_bytes;
	__u32 has_failed;
};

/* The change that a bio belongs to: its own, or that of the bio which it was split off and hangs on. */
static __always_inline struct change *change_of(struct bio *bio, __u64 *key)
{
	*key = (__u64)bio;
	struct change *change = bpf_map_lookup_elem(&in_flight, key);
	if (change)
		return change;
	*key = (__u64)BPF_CORE_READ(bio, bi_private);
	return bpf_map_lookup_elem(&in_flight, key);
}

/* As slot_of, for a bio that is known by its address only. */
static __always_inline int slot_of_memory(struct bio *bio)
{
	struct gendisk *disk = BPF_CORE_READ(bio, bi_bdev, bd_disk);
	__u64 sequence = 0;
	if (bpf_core_field_exists(disk->diskseq))
		sequence = BPF_CORE_READ(disk, diskseq);
	return slot_with(BPF_CORE_READ(disk, part0, bd_dev), sequence);
}

static __always_inline void end_part(struct ending *ending, struct bio *bio, __u32 bytes)
{
	__u64 key;
	struct change *change = change_of(bio, &key);
	int slot = change ? change->slot : slot_of_memory(bio);
	if (slot < 0)
		return;
	struct change part = { .sector = BPF_CORE_READ(bio, bi_iter.bi_sector), .bytes = bytes, .slot = slot };
	/* A change that failed may have left anything; one that is not known began before we came, or took a way we do not see. */
	if (bytes > 0 && (!change || ending->has_failed))
		lose(&part);
	if (change && __sync_fetch_and_add(&change->rest_bytes, -bytes) == bytes)
		end(key, change);
}

static long end_bio(__u32 step, struct ending *ending)
{
	struct bio *bio = (struct bio *)ending->bio;
	if (!bio)
		return 1;
	__u32 bytes = BPF_CORE_READ(bio, bi_iter.bi_size);
	if (bytes > ending->rest_bytes)
		bytes = ending->rest_bytes;
	/* Its memory may be another's as soon as it has ended. */
	ending->bio = (__u64)BPF_CORE_READ(bio, bi_next);
	ending->rest_bytes -= bytes;
	end_part(ending, bio, bytes);
	return bytes > 0 && ending->rest_bytes == 0;
}

/*
 * The kernel leaves out a program that it interrupts itself in: an end that comes with an interrupt while another end is
 * looked at would be missed. So each program that sees ends is there three times, for a task, a soft and a hard interrupt:
 * the one whose level the processor is at does the work.
 */
static __always_inline __u32 *enter_level(__u32 kind, __u32 level)
{
	__u32 *depth = bpf_map_lookup_elem(&levels, &kind);
	if (!depth || *depth != level)
		return NULL;
	(*depth)++;
	return depth;
}

/* The end of a request, or of its first part. The bios in it say themselves that they have ended only in other drivers. */
static __always_inline int see_request_end(struct request *request, bool has_failed, __u32 bytes, __u32 level)
{
	struct bio *bio = request->bio;
	if (!bio || !is_change(bio))
		return 0;
	__u32 *depth = enter_level(LEVELS_OF_REQUESTS, level);
	if (!depth)
		return 0;
	struct ending ending = { .bio = (__u64)bio, .rest_bytes = bytes, .has_failed = has_failed };
	bpf_loop(BIOS_MAX, end_bio, &ending, 0);
	(*depth)--;
	return 0;
}

static __always_inline void end_whole(struct bio *bio)
{
	__u64 key;
	struct change *change = change_of(bio, &key);
	if (!change) {
		int slot = slot_of(bio);
		/* Where it began is not known any more. */
		if (slot >= 0)
			lose_disk(slot);
		return;
	}
	if (bio->bi_status)
		lose(change);
	/* What was split off ends with the whole. */
	if (key == (__u64)bio)
		end(key, change);
}

static __always_inline int see_bio_end(struct bio *bio, __u32 level)
{
	if (!is_change(bio))
		return 0;
	__u32 *depth = enter_level(LEVELS_OF_BIOS, level);
	if (!depth)
		return 0;
	end_whole(bio);
	(*depth)--;
	return 0;
}

#define SEE_ENDS_AT(level)                                                                                  \
	SEC("tp_btf/block_rq_complete")                                                                     \
	int BPF_PROG(on_request_end_##level, struct request *request, __u8 error, __u32 bytes)              \
	{                                                                                                   \
		return see_request_end(request, error, bytes, level);                                       \
	}                                                                                                   \
	SEC("tp_btf/block_bio_complete")                                                                    \
	int BPF_PROG(on_bio_end_##level, struct request_queue *queue, struct bio *bio)                      \
	{                                                                                                   \
		return see_bio_end(bio, level);                                                             \
	}

SEE_ENDS_AT(0)
SEE_ENDS_AT(1)
SEE_ENDS_AT(2)

static long try_direct_map(__u32 step, __u64 *start)
{
	__u64 candidate = *start - step * GIBIBYTE;
	__u64 found[2] = {};
	bpf_probe_read_kernel(found, sizeof(found), (void *)(candidate + (calibration.frame << 12)));
	if (found[0] != calibration.marker[0] || found[1] != calibration.marker[1])
		return 0;
	calibration.direct_map = candidate;
	return 1;
}

static __always_inline bool is_calibrating_task(void)
{
	char name[16] = {};
	bpf_get_current_comm(name, sizeof(name));
	for (int i = 0; i < 16; i++) {
		if (name[i] != calibration.task[i])
			return false;
	}
	return true;
}

/*
 * Sees a read of our own user, into a page whose frame number and content it has told us: that gives the place of the table
 * of pages. The map of all memory begins at a multiple of 1 GiB somewhere below our own task's description.
 */
SEC("tp_btf/block_bio_queue")
int BPF_PROG(on_calibration, struct bio *bio)
{
	if (calibration.direct_map || is_change(bio) || !is_calibrating_task())
		return 0;
	struct bio_vec vector;
	if (bpf_probe_read_kernel(&vector, sizeof(vector), bio->bi_io_vec))
		return 0;
	calibration.page_table = (__u64)vector.bv_page - calibration.frame * bpf_core_type_size(struct page);
	__u64 start = bpf_get_current_task() & ~(GIBIBYTE - 1);
	bpf_loop(CANDIDATES_MAX, try_direct_map, &start, 0);
	return 0;
}
