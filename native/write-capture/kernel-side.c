/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel-side.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "program.h"
#include "fail.h"

#define PAGE_BYTES 4096

static uint64_t enumerator_in(const struct btf *types, const struct btf_type *type, const char *name)
{
	const struct btf_enum *value = btf_enum(type);
	for (unsigned i = 0; i < btf_vlen(type); i++) {
		if (strcmp(btf__name_by_offset(types, value[i].name_off), name) == 0)
			return 1ull << value[i].val;
	}
	return 0;
}

/* The bit that this kernel gives to a flag, by the name of its number. */
static uint32_t flag_bit(const struct btf *types, const char *name)
{
	for (uint32_t id = 1; id < btf__type_cnt(types); id++) {
		const struct btf_type *type = btf__type_by_id(types, id);
		uint64_t bit = btf_is_enum(type) ? enumerator_in(types, type, name) : 0;
		if (bit != 0)
			return (uint32_t)bit;
	}
	fail(EXIT_UNSUPPORTED, "this kernel has no %s", name);
}

static void set_constants(struct capture_bpf *program, uint64_t ring_bytes)
{
	struct btf *types = btf__load_vmlinux_btf();
	if (!types)
		fail(EXIT_UNSUPPORTED, "this kernel has no type information (/sys/kernel/btf/vmlinux)");
	program->rodata->traced_flag = flag_bit(types, "BIO_TRACE_COMPLETION");
	program->rodata->forced_flag = flag_bit(types, "__REQ_FUA");
	btf__free(types);
	program->rodata->data_bytes_max = ring_bytes - ring_bytes / 16;
	program->rodata->wake_bytes = ring_bytes / 8;
	bpf_map__set_max_entries(program->maps.ring, (uint32_t)ring_bytes);
}

static uint64_t frame_of(const void *page)
{
	uint64_t entry = 0;
	int descriptor = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t place = (off_t)((uintptr_t)page / PAGE_BYTES * sizeof(entry));
	if (descriptor < 0 || pread(descriptor, &entry, sizeof(entry), place) != sizeof(entry))
		fail(EXIT_UNSUPPORTED, "the place of our own memory cannot be read (/proc/self/pagemap)");
	close(descriptor);
	return entry & ((1ull << 55) - 1);
}

static void *make_marker(struct calibration *calibration)
{
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (page == MAP_FAILED || mlock(page, PAGE_BYTES) != 0)
		fail(EXIT_FAILED, "no memory could be locked: %s", strerror(errno));
	if (getrandom(calibration->marker, sizeof(calibration->marker), 0) != sizeof(calibration->marker))
		fail(EXIT_FAILED, "there is no randomness");
	memcpy(page, calibration->marker, sizeof(calibration->marker));
	calibration->frame = frame_of(page);
	return page;
}

static void read_into(void *page, const char *device)
{
	int descriptor = open(device, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (descriptor < 0 || pread(descriptor, page, PAGE_BYTES, 0) != PAGE_BYTES)
		fail(EXIT_FAILED, "%s cannot be read: %s", device, strerror(errno));
	close(descriptor);
}

static struct bpf_link *attach(const struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach(program);
	if (!link)
		fail(EXIT_UNSUPPORTED, "the kernel does not let us see block I/O: %s", strerror(errno));
	return link;
}

/*
 * Finds out where the kernel keeps its table of pages and its map of all memory, which differ at every boot: we read a
 * block into a page whose frame number and content we know, and the program looks at the bio of that read.
 */
static void find_addresses(struct capture_bpf *program, const char *device)
{
	struct calibration *calibration = &program->bss->calibration;
	void *page = make_marker(calibration);
	snprintf(calibration->task, sizeof(calibration->task), "sw%012llx", calibration->marker[0] & 0xffffffffffffull);
	char name[16] = "";
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, calibration->task);
	struct bpf_link *link = attach(program->progs.on_calibration);
	read_into(page, device);
	bpf_link__destroy(link);
	prctl(PR_SET_NAME, name);
	munmap(page, PAGE_BYTES);
	if (calibration->direct_map == 0)
		fail(EXIT_UNSUPPORTED, "where this kernel keeps the content of pages could not be found out");
}

/* Ends first: a change whose beginning is seen must not end unseen. */
static void attach_all(struct capture_bpf *program)
{
	program->links.on_request_end_0 = attach(program->progs.on_request_end_0);
	program->links.on_request_end_1 = attach(program->progs.on_request_end_1);
	program->links.on_request_end_2 = attach(program->progs.on_request_end_2);
	program->links.on_bio_end_0 = attach(program->progs.on_bio_end_0);
	program->links.on_bio_end_1 = attach(program->progs.on_bio_end_1);
	program->links.on_bio_end_2 = attach(program->progs.on_bio_end_2);
	program->links.on_remap = attach(program->progs.on_remap);
	program->links.on_queue = attach(program->progs.on_queue);
}

struct capture_bpf *start_capture(const char *device, uint64_t ring_bytes)
{
	struct capture_bpf *program = capture_bpf__open();
	if (!program)
		fail(EXIT_UNSUPPORTED, "the program cannot be prepared: %s", strerror(errno));
	set_constants(program, ring_bytes);
	if (capture_bpf__load(program) != 0)
		fail(EXIT_UNSUPPORTED, "the kernel does not take the program: %s", strerror(errno));
	find_addresses(program, device);
	attach_all(program);
	return program;
}
