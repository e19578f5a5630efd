import Foundation
import Glibc

/// A disk that fails when a test wants it to: the library of Tests/CFaultyDisk under a real program, for one folder.
///
/// ```text
/// FaultyDisk(folder) ─▶ environment ─▶ Child ══ writes ══▶ folder
///        failure ─────▶ control file ────┘    └─ syncs ───▶ image ─▶ losePower
/// ```
public final class FaultyDisk: Sendable {
    /// What writes meet.
    public enum Failure: String, Sendable, CaseIterable {
        /// Nothing grows; what was given up may be used again.
        case full = "ENOSPC"
        /// Nothing changes.
        case readOnly = "EROFS"
        /// Writes and syncs fail, and a sync that failed forgets what it should have written.
        case broken = "EIO"
    }

    /// What a program asks of the disk.
    public enum Call: String, Sendable, CaseIterable {
        case write, truncate, allocate, sync, remove, rename
    }

    /// The N-th such call on a file of the folder.
    public struct Point: Sendable, Hashable, CustomStringConvertible {
        public var call: Call
        public var file: String
        public var number: Int

        public init(_ call: Call, _ file: String, _ number: Int) {
            self.call = call
            self.file = file
            self.number = number
        }

        public var description: String { "\(call.rawValue):\(file):\(number)" }
    }

    let folder: String
    private let own: TemporaryDirectory

    /// - Parameter folder: whose files are meant, without those of its subfolders.
    public init(folder: String) throws {
        self.folder = folder
        own = try TemporaryDirectory("disk")
        try FileManager.default.createDirectory(atPath: image, withIntermediateDirectories: false)
    }

    /// What was synced, file by file.
    var image: String { own.file("image") }

    /// The variables under which a program runs on this disk.
    /// - Parameters:
    ///   - kill: instead of which call the program is killed.
    ///   - failing: which call alone fails, and how.
    ///   - traced: remember the calls for `trace`.
    public func environment(
        kill: Point? = nil, failing: (Failure, Point)? = nil, traced: Bool = false
    ) -> [String: String] {
        var variables = [
            "LD_PRELOAD": Executable.path("libFaultyDisk.so"), "FAULTY_DISK_FOLDER": folder,
            "FAULTY_DISK_IMAGE": image, "FAULTY_DISK_CONTROL": own.file("control"),
        ]
        if let kill { variables["FAULTY_DISK_KILL"] = kill.description }
        if let failing { variables["FAULTY_DISK_FAIL"] = "\(failing.0.rawValue):\(failing.1)" }
        if traced { variables["FAULTY_DISK_TRACE"] = own.file("trace") }
        return variables
    }

    /// From now on every call that changes something fails like this; nil: none does.
    public func fail(_ failure: Failure?) throws {
        // Written whole and renamed: a program that reads it meanwhile sees the old or the new.
        try (failure?.rawValue ?? "").write(toFile: own.file("control"), atomically: true, encoding: .utf8)
    }

    /// How often each call was made on each file while traced: the number of the last point of its kind.
    public var trace: [Point] {
        let text = (try? String(contentsOfFile: own.file("trace"), encoding: .utf8)) ?? ""
        var counts: [Point: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let call = Call(rawValue: String(words[0])) else { continue }
            counts[Point(call, String(words[1]), 0), default: 0] += 1
        }
        return counts.map { Point($0.key.call, $0.key.file, $0.value) }.sorted { $0.description < $1.description }
    }

    /// The power fails: call it when the program is dead (`kill9`). What was synced stays; of the rest, each sector of 512
    /// bytes with the probability `share`. A file that was never synced is there with `share` of its sectors, or is gone.
    public func losePower(keeping share: Double, _ random: inout some RandomNumberGenerator) throws {
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: image).sorted() {
            // Index files are memory: the next program makes them anew. Others of the folder may be in use.
            try? files.removeItem(atPath: "\(folder)/\(name.replacing(".unsynced", with: ""))-shm")
            if name.hasSuffix(".unsynced") {
                let file = String(name.dropLast(".unsynced".count))
                if !files.fileExists(atPath: image + "/" + file) { try loseNewFile(file, share, &random) }
                try files.removeItem(atPath: image + "/" + name)
            } else {
                try PowerLoss.merge(
                    synced: image + "/" + name, into: folder + "/" + name, keeping: share, &random)
            }
        }
    }

    /// The files are gone, and what was synced of them: a new disk. Call it while no program runs.
    public func forgetAll() throws {
        try FileManager.default.removeItem(atPath: image)
        try FileManager.default.createDirectory(atPath: image, withIntermediateDirectories: false)
    }

    private func loseNewFile(_ name: String, _ share: Double, _ random: inout some RandomNumberGenerator) throws {
        let path = folder + "/" + name
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard Double.random(in: 0..<1, using: &random) < share else {
            try FileManager.default.removeItem(atPath: path)
            return
        }
        try Foundation.Data().write(to: URL(fileURLWithPath: image + "/" + name))
        try PowerLoss.merge(synced: image + "/" + name, into: path, keeping: share, &random)
    }
}
