/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail.h"

static uint64_t *reader;
static uint64_t *writers;
static const char *data;
static uint64_t mask;
static uint64_t position;

static void *map(int descriptor, uint64_t bytes, int protection, off_t offset)
{
	void *memory = mmap(NULL, bytes, protection, MAP_SHARED, descriptor, offset);
	if (memory == MAP_FAILED)
		fail(EXIT_FAILED, "the ring buffer cannot be mapped");
	return memory;
}

void open_ring(int descriptor, uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	reader = map(descriptor, page, PROT_READ | PROT_WRITE, 0);
	/* The kernel maps the data twice, one after the other, so that no record is torn at the end. */
	writers = map(descriptor, page + 2 * bytes, PROT_READ, (off_t)page);
	data = (const char *)writers + page;
	mask = bytes - 1;
}

uint64_t ring_end(void)
{
	return __atomic_load_n(writers, __ATOMIC_ACQUIRE);
}

uint64_t ring_position(void)
{
	return position;
}

bool consume_ring(void (*handle)(const struct record *record))
{
	uint64_t end = ring_end();
	while (position < end) {
		const char *place = data + (position & mask);
		uint32_t head = __atomic_load_n((const uint32_t *)place, __ATOMIC_ACQUIRE);
		if (head & BPF_RINGBUF_BUSY_BIT)
			return false;
		uint32_t bytes = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		position += (bytes + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
		if (!(head & BPF_RINGBUF_DISCARD_BIT))
			handle((const struct record *)(place + BPF_RINGBUF_HDR_SZ));
		__atomic_store_n(reader, position, __ATOMIC_RELEASE);
	}
	return true;
}
