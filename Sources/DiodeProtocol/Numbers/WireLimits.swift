/// The bounds of docs/WIRE.md, with the arithmetic that makes them enough.
public enum WireLimits {
    /// What a sender of this release sends, but for blocks that an earlier release has closed (ADR 0028).
    public static let version: UInt8 = 2
    /// The oldest that a receiver of this release reads (W-03).
    public static let oldestVersion: UInt8 = 1
    /// "UNSD".
    public static let magic: UInt32 = 0x554E_5344
    /// Signed header 113 + ESI 1 + signature 64: what a frame has before its path and symbol.
    public static let frameOverheadBytes = 113 + 1 + 64
    /// Version 1: signed header 96. No frame is shorter.
    public static let leastOverheadBytes = 96 + 1 + 64
    public static let pathNodeBytes = 16
    /// N ≤ 255 leaves make a tree of height ⌈log₂ 255⌉ = 8.
    public static let maximumPathLength = 8
    /// 65,507 bytes is the most that UDP over IPv4 carries (65,535 − 20 − 8); 178 + 8·16 + 65,000 = 65,306 stays below.
    public static let maximumSymbolBytes = 65_000
    /// A block holds K·T < packed + T ≤ 1 MiB + 65,000 bytes at the receiver (W-06).
    public static let maximumPackedBytes = 1 << 20
    public static let maximumPlainBytes = 1 << 22
    /// A content of parts: a 1 MiB record with a 65,535-byte topic and 64 KiB of properties is far below 8 MiB (W-26).
    public static let maximumContentBytes = 1 << 23
    public static let maximumParts = 64
    public static let maximumTopicBytes = 65_535
    public static let maximumCardBytes = 4_096
    /// Some 1,600 runs of blocks with the largest numbers, 4,000 with usual ones.
    public static let maximumBundleBytes = 1 << 16
}
