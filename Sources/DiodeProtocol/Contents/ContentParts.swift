/// A content too large for one block, cut into parts that travel in consecutive blocks (WIRE W-09, §5).
public enum ContentParts {
    /// The ranges of a content's parts, as even as can be: one if it fits.
    ///
    /// - Returns: nil if it would take more than 64 parts or is above 2²³ bytes (W-26).
    public static func split(byteCount: Int, maximumPartBytes: Int) -> [Range<Int>]? {
        precondition(byteCount > 0 && maximumPartBytes > 0, "a content and a part hold bytes")
        guard byteCount <= WireLimits.maximumContentBytes else { return nil }
        let count = (byteCount + maximumPartBytes - 1) / maximumPartBytes
        guard count <= WireLimits.maximumParts else { return nil }
        return (0..<count).map { byteCount * $0 / count..<byteCount * ($0 + 1) / count }
    }

    /// Appends one part to those before it.
    ///
    /// - Throws: `contentBytes` when the whole would pass 2²³ bytes (W-26).
    public static func append(_ part: RawSpan, to content: inout [UInt8]) throws(ContentError) {
        guard content.count + part.byteCount <= WireLimits.maximumContentBytes else {
            throw .contentBytes(content.count + part.byteCount)
        }
        content.append(part)
    }
}
