#!/bin/sh
# Makes what a small real guest boots from, below node_modules/.cache/guest: Debian's cloud kernel, and an initial file
# system with busybox, the QEMU guest agent and init.sh. Quick when all is there. Needs apt-get to download, and no root.
set -eu
cd "$(dirname "$(readlink -f "$0")")/../.."
kit=node_modules/.cache/guest
init=scripts/guest/init.sh
if [ -e "$kit/initrd.gz" ] && [ -e "$kit/vmlinuz" ] && [ "$kit/initrd.gz" -nt "$init" ]; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
download() { (cd "$work" && apt-get download "$1" >/dev/null 2>&1) && dpkg-deb -x "$work/$1"_*.deb "$work/$1"; }

kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
download "$kernel"
download qemu-guest-agent

root=$work/root
mkdir -p "$root/bin" "$root/lib/modules" "$root/proc" "$root/sys" "$root/dev" "$root/disk" "$root/run"
cp /usr/bin/busybox "$root/bin/"
cp "$work/qemu-guest-agent/usr/sbin/qemu-ga" "$root/bin/"
# The agent is linked with libraries that QEMU on this machine needs too.
for library in $(ldd "$work/qemu-guest-agent/usr/sbin/qemu-ga" | grep -o '/[^ ]*'); do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
for module in virtio/virtio virtio/virtio_ring virtio/virtio_pci_modern_dev virtio/virtio_pci_legacy_dev \
  virtio/virtio_pci block/virtio_blk char/virtio_console; do
  cp "$work/$kernel"/lib/modules/*/kernel/drivers/"$module.ko" "$root/lib/modules/"
done
cp "$init" "$root/init"
chmod 755 "$root/init"

mkdir -p "$kit"
cp "$work/$kernel"/boot/vmlinuz-* "$kit/vmlinuz"
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 >"$work/initrd.gz"
mv "$work/initrd.gz" "$kit/initrd.gz"
