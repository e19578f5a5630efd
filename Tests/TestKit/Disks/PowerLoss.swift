import Foundation

/// Makes of a file as it was written and its image as it was synced what a loss of power may leave.
enum PowerLoss {
    /// The smallest piece that a disk writes as a whole.
    private static let sectorBytes = 512
    private static let chunkBytes = 1 << 20

    /// - Parameters:
    ///   - synced: the image; it becomes equal to the outcome, since all that is left is on the disk.
    ///   - path: the file as it was written; it becomes the outcome.
    ///   - share: the probability of each sector that differs to be the written one, and of the length.
    static func merge(
        synced: String, into path: String, keeping share: Double, _ random: inout some RandomNumberGenerator
    ) throws {
        if !FileManager.default.fileExists(atPath: path) {
            try Foundation.Data().write(to: URL(fileURLWithPath: path))
        }
        let image = try FileHandle(forUpdating: URL(fileURLWithPath: synced))
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        defer {
            try? image.close()
            try? file.close()
        }
        let writtenLength = try file.seekToEnd()
        let syncedLength = try image.seekToEnd()
        let keepsLength = Double.random(in: 0..<1, using: &random) < share
        let length = keepsLength ? writtenLength : syncedLength
        var offset: UInt64 = 0
        while offset < length {
            let count = Int(min(UInt64(chunkBytes), length - offset))
            let old = try chunk(image, offset, count)
            let new = try chunk(file, offset, count)
            if old != new {
                let outcome = mixed(old, new, keeping: share, &random)
                for handle in [image, file] {
                    try handle.seek(toOffset: offset)
                    try handle.write(contentsOf: outcome)
                }
            }
            offset += UInt64(count)
        }
        try file.truncate(atOffset: length)
        try image.truncate(atOffset: length)
    }

    /// So many bytes; what lies behind the end of the file is zeros.
    private static func chunk(_ file: FileHandle, _ offset: UInt64, _ count: Int) throws -> Foundation.Data {
        try file.seek(toOffset: offset)
        let bytes = try file.read(upToCount: count) ?? Foundation.Data()
        return bytes.count == count ? bytes : bytes + Foundation.Data(count: count - bytes.count)
    }

    private static func mixed(
        _ old: Foundation.Data, _ new: Foundation.Data, keeping share: Double,
        _ random: inout some RandomNumberGenerator
    ) -> Foundation.Data {
        var outcome = old
        for start in stride(from: 0, to: old.count, by: sectorBytes) {
            let end = min(start + sectorBytes, old.count)
            let isWritten = share > 0 && Double.random(in: 0..<1, using: &random) < share
            if isWritten { outcome.replaceSubrange(start..<end, with: new[start..<end]) }
        }
        return outcome
    }
}
