/** Guards the keys of kept overlays. A key never rests as it is where somebody can keep it better. */
export interface OverlayKeys {
  /**
   * Makes a key fit to rest on disk.
   * @param key - 64 bytes, borrowed
   * @returns at most 65,535 bytes
   */
  wrap(key: Uint8Array): Promise<Uint8Array>;
  /**
   * Gets a key back.
   * @param wrapped - what wrap returned
   */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}

/** For where the folder itself is trusted as the key file beside it is: the key rests in the map, mode 0600. */
export const plainOverlayKeys: OverlayKeys = {
  wrap: async (key) => Uint8Array.from(key),
  unwrap: async (wrapped) => wrapped,
};
