/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams every change of chosen disks to the standard output. Usage: secondwind-write-capture RING-BYTES DEVICE
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "blocks.h"
#include "program.h"
#include "changes.h"
#include "clocks.h"
#include "commands.h"
#include "disks.h"
#include "fail.h"
#include "frames.h"
#include "kernel-side.h"
#include "losses.h"
#include "records.h"
#include "ring.h"

/* How often the ring is looked at while nothing wakes us: after something was in it, after nothing was, while somebody waits. */
#define LOOK_MS 10
#define IDLE_LOOK_MS 40
#define IMPATIENT_LOOK_MS 1
/* How often it is told how far we are while nothing is captured. */
#define TICK_NS 100000000ull
#define PRIORITY (-10)
#define RING_BYTES_MIN (1ull << 16)
#define RING_BYTES_MAX (1ull << 30)

/*
 * The end of a change can be missed when interrupts nest deeper than the program expects. That it has ended shows when its
 * bio is used anew; how it ended nobody knows.
 */
static struct change *begin(const struct record *record)
{
	const struct change *missed = find_change(record->bio);
	if (missed) {
		put_lost(missed->slot, missed->start, missed->end);
		end_change(record->bio);
	}
	return begin_change(record);
}

/* A whole write in one piece goes on as it lies in the ring; others are put together first. */
static void take_piece(const struct record *record)
{
	const char *data = ((const struct piece_record *)record)->data;
	struct change *change = record->offset_bytes == 0 ? begin(record) : find_change(record->bio);
	/* Its first pieces were lost, which is told elsewhere. */
	if (!change)
		return;
	if (record->piece_bytes == record->total_bytes) {
		put_write(change, data);
		return;
	}
	if (!change->data)
		change->data = allocate(record->total_bytes);
	memcpy(change->data + record->offset_bytes, data, record->piece_bytes);
	change->received_bytes += record->piece_bytes;
	if (change->received_bytes < record->total_bytes)
		return;
	put_write(change, change->data);
	free(change->data);
	change->data = NULL;
}

static void take_flush(const struct record *record)
{
	begin(record);
	put_frame((struct frame){ .kind = FRAME_FLUSH, .slot = record->slot, .time_micros = record->time_ns / 1000 }, NULL);
}

static void take(const struct record *record)
{
	switch (record->kind) {
	case RECORD_PIECE:
		take_piece(record);
		break;
	case RECORD_ZEROES:
	case RECORD_DISCARD:
		put_zeroes(begin(record));
		break;
	case RECORD_FLUSH:
		take_flush(record);
		break;
	case RECORD_END:
		end_change(record->bio);
		break;
	default:
		fail(EXIT_BROKEN, "the ring holds a record of kind %d", record->kind);
	}
	release_when_due();
}

static void tick(uint64_t time_ns, uint64_t micros)
{
	put_frame((struct frame){ .kind = FRAME_TICK, .time_micros = time_ns / 1000, .tag = micros }, NULL);
}

/*
 * Hands on everything up to now, and says so when there was anything, or nothing was said for a while.
 * @returns how long to wait until the next time, milliseconds
 */
static int hand_on(void)
{
	static uint64_t told_ns;
	uint64_t start = ring_position();
	uint64_t now_ns = monotonic_ns();
	uint64_t now_micros = wall_micros();
	bool is_at_end = consume_ring(take);
	if (is_at_end && (ring_position() != start || now_ns - told_ns >= TICK_NS)) {
		tick(now_ns, now_micros);
		told_ns = now_ns;
	}
	return ring_position() == start ? IDLE_LOOK_MS : LOOK_MS;
}

static void watch(int poll, int descriptor)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = descriptor };
	if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) != 0)
		fail(EXIT_FAILED, "waiting is not possible: %s", strerror(errno));
}

static bool have_commands_come(int poll, int wait_ms)
{
	struct epoll_event events[2];
	int count = epoll_wait(poll, events, 2, wait_ms);
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == STDIN_FILENO)
			return true;
	}
	return false;
}

static void run(int ring)
{
	int poll = epoll_create1(EPOLL_CLOEXEC);
	watch(poll, STDIN_FILENO);
	watch(poll, ring);
	int wait_ms = LOOK_MS;
	for (;;) {
		if (have_commands_come(poll, wait_ms) && !read_commands())
			return;
		wait_ms = hand_on();
		if (answer_settled())
			wait_ms = IMPATIENT_LOOK_MS;
		flush_frames();
		rest_disks();
	}
}

/* Everything that needs rights is open: what remains reads memory, pipes and disks that our user may read. */
static void drop_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		prctl(PR_CAPBSET_DROP, capability);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_capset, &header, none) != 0)
		fail(EXIT_FAILED, "rights could not be given up: %s", strerror(errno));
}

static uint64_t *map_losses(struct capture_bpf *program)
{
	uint64_t *map = mmap(NULL, DISKS_MAX * LOSS_WORDS * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED,
			     bpf_map__fd(program->maps.losses), 0);
	if (map == MAP_FAILED)
		fail(EXIT_FAILED, "the map of losses cannot be mapped: %s", strerror(errno));
	return map;
}

static uint64_t ring_bytes_of(const char *word)
{
	char *end;
	uint64_t bytes = strtoull(word, &end, 10);
	if (*end != '\0' || bytes < RING_BYTES_MIN || bytes > RING_BYTES_MAX || (bytes & (bytes - 1)) != 0)
		fail(EXIT_USAGE, "the size of the ring must be a power of two from 64 KiB to 1 GiB");
	return bytes;
}

int main(int count, char **words)
{
	if (count != 3)
		fail(EXIT_USAGE, "usage: secondwind-write-capture RING-BYTES DEVICE");
	signal(SIGPIPE, SIG_IGN);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	uint64_t ring_bytes = ring_bytes_of(words[1]);
	struct capture_bpf *program = start_capture(words[2], ring_bytes);
	int ring = bpf_map__fd(program->maps.ring);
	open_ring(ring, ring_bytes);
	watch_losses(program, map_losses(program));
	before_flush = tell_losses;
	open_commands(program);
	/* Little work, but what comes late is lost. */
	setpriority(PRIO_PROCESS, 0, PRIORITY);
	drop_rights();
	put_frame((struct frame){ .kind = FRAME_HELLO, .tag = 1 }, NULL);
	flush_frames();
	run(ring);
	return 0;
}
