#!/bin/sh
# Makes a fresh clone ready: npm packages, then the Debian programs that a command needs. Quick when all is there.
#   sh scripts/setup.sh start|test|demo|bench
# Exit code 3: something is missing that only root may install; it is listed.
set -eu
PATH=$PATH:/usr/sbin:/sbin
cd "$(dirname "$(readlink -f "$0")")/.."
purpose=${1:?usage: setup.sh start|test|demo|bench}

# npm writes the hidden lock last, so an interrupted install is done again.
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ package-lock.json -nt "$installed" ]; then
  command -v npm >/dev/null || {
    echo 'setup: npm is missing; install Node 20 or newer with npm.' >&2
    exit 3
  }
  echo 'setup: installing npm packages…' >&2
  # Warnings are silenced: they compare packages with the machine's own Node, which nothing here runs on.
  npm ci --loglevel=error >&2
  touch "$installed"
fi
scripts/node --version >/dev/null

# Which program comes from which Debian package.
served='mkfs.ext4=e2fsprogs fusermount3=fuse3 nbdfuse=libnbd-bin nbdinfo=libnbd-bin nbdcopy=libnbd-bin
  qemu-img=qemu-utils qemu-io=qemu-utils fio=fio mkfs.xfs=xfsprogs nbdkit=nbdkit losetup=mount mount=mount'
volumes='sfdisk=fdisk sgdisk=gdisk mdadm=mdadm pvcreate=lvm2'
fat_and_discs='mkfs.vfat=dosfstools mkfs.exfat=exfatprogs mcopy=mtools fls=sleuthkit xorriso=xorriso genisoimage=genisoimage mount.exfat-fuse=exfat-fuse hivexsh=libhivex-bin'
unix_trees='setfattr=attr setfacl=acl mkfs.btrfs=btrfs-progs python3=python3'
databases='pg_ctlcluster=postgresql'
guests='qemu-system-x86_64=qemu-system-x86 busybox=busybox-static e2fsck=e2fsprogs'
webdav='cadaver=cadaver'
ntfs='mkntfs=ntfs-3g wimlib-imagex=wimtools'
# What native programs are built with; a name that begins with a slash is a file.
native='clang=clang gcc=gcc bpftool=bpftool /usr/include/bpf/libbpf.h=libbpf-dev /usr/include/libelf.h=libelf-dev
  /usr/include/zlib.h=zlib1g-dev /usr/include/sys/types.h=libc6-dev'
compared='restic=restic borg=borgbackup hyperfine=hyperfine'
case $purpose in
  start) needed='' ;;
  test) needed="$native $served $guests $volumes $fat_and_discs $unix_trees $ntfs $webdav $databases" ;;
  demo) needed="$served $guests" ;;
  bench) needed="$served $compared" ;;
  *) echo "setup: unknown purpose $purpose" >&2 && exit 2 ;;
esac

# Headers of C lie in a folder of the processor's too.
is_there() {
  case $1 in
    /*) [ -e "$1" ] || [ -e "/usr/include/$(uname -m)-linux-gnu/${1#/usr/include/}" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

packages=''
for pair in $needed; do
  is_there "${pair%%=*}" || packages="$packages ${pair##*=}"
done
# The guest that is protected live in tests and in the demonstration.
make_guest() {
  case $purpose in
    test | demo) sh scripts/guest/make.sh || { echo 'setup: the guest for tests could not be made' >&2 && exit 3; } ;;
  esac
}

# Capturing writes in the kernel needs a program of ours; whoever lacks the compiler can do everything else.
make_native() {
  for pair in $native; do is_there "${pair%%=*}" || return 0; done
  sh scripts/native.sh || { echo 'setup: the native programs could not be built' >&2 && exit 3; }
}

if [ -z "$packages" ]; then
  make_native
  make_guest
  exit 0
fi
packages=$(printf '%s\n' $packages | sort -u | tr '\n' ' ')

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "setup: these Debian packages are needed and missing: $packages" >&2
  echo "setup: install them with: sudo apt-get install --no-install-recommends $packages" >&2
  exit 3
fi
echo "setup: installing Debian packages: $packages" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update && apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "setup: apt-get could not install: $packages" >&2
  exit 3
fi
make_native
make_guest
