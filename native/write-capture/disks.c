/* SPDX-License-Identifier: Apache-2.0 */
#include "disks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "clocks.h"

#define IDLE_NS 1000000000ull

struct disk disks[DISKS_MAX];

static bool is_partition(dev_t device)
{
	char path[128];
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major(device), minor(device));
	return access(path, F_OK) == 0;
}

static uint64_t sequence_of(dev_t device)
{
	char path[128];
	unsigned long long sequence = 0;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/diskseq", major(device), minor(device));
	FILE *file = fopen(path, "re");
	if (file) {
		if (fscanf(file, "%llu", &sequence) != 1)
			sequence = 0;
		fclose(file);
	}
	return sequence;
}

static bool is_captured(dev_t device)
{
	for (int slot = 0; slot < DISKS_MAX; slot++) {
		if (disks[slot].device == device)
			return true;
	}
	return false;
}

static uint64_t region_bytes_of(uint64_t size_bytes)
{
	uint64_t bytes = 512ull << REGION_SHIFT_MIN;
	while (size_bytes / bytes >= LOSS_REGIONS)
		bytes *= 2;
	return bytes;
}

static const char *look_at(struct disk *disk, int descriptor)
{
	struct stat found;
	if (fstat(descriptor, &found) != 0)
		return strerror(errno);
	if (!S_ISBLK(found.st_mode))
		return "it is not a block device";
	if (is_partition(found.st_rdev))
		return "it is a partition; name the whole disk";
	if (is_captured(found.st_rdev))
		return "it is captured already";
	if (ioctl(descriptor, BLKGETSIZE64, &disk->size_bytes) != 0)
		return strerror(errno);
	if (disk->size_bytes == 0)
		return "it is empty";
	disk->device = found.st_rdev;
	disk->sequence = sequence_of(found.st_rdev);
	disk->region_bytes = region_bytes_of(disk->size_bytes);
	return NULL;
}

const char *open_disk(uint16_t slot, const char *path)
{
	struct disk disk = { .descriptor = -1 };
	if (strlen(path) >= sizeof(disk.path))
		return strerror(ENAMETOOLONG);
	strcpy(disk.path, path);
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (descriptor < 0)
		return strerror(errno);
	const char *reason = look_at(&disk, descriptor);
	close(descriptor);
	if (reason == NULL)
		disks[slot] = disk;
	return reason;
}

/* The path may lead to another device by now, which must not be read in place of the one that is captured. */
static int reopen(const struct disk *disk)
{
	int descriptor = open(disk->path, O_RDONLY | O_CLOEXEC | O_DIRECT);
	struct stat found;
	if (descriptor >= 0 && (fstat(descriptor, &found) != 0 || found.st_rdev != disk->device)) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

bool read_disk(uint16_t slot, void *target, uint64_t bytes, uint64_t offset)
{
	struct disk *disk = &disks[slot];
	if (disk->descriptor < 0)
		disk->descriptor = reopen(disk);
	disk->used_ns = monotonic_ns();
	return disk->descriptor >= 0 && pread(disk->descriptor, target, bytes, (off_t)offset) == (ssize_t)bytes;
}

void rest_disks(void)
{
	uint64_t now_ns = monotonic_ns();
	for (int slot = 0; slot < DISKS_MAX; slot++) {
		struct disk *disk = &disks[slot];
		if (disk->device == 0 || disk->descriptor < 0 || now_ns - disk->used_ns < IDLE_NS)
			continue;
		close(disk->descriptor);
		disk->descriptor = -1;
	}
}
