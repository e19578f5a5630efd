import Foundation

/// A clock that is wrong: the library of Tests/CShiftedClock under a real program, whose time of day is then so much later than the machine's.
///
/// ```text
/// ShiftedClock ─▶ environment ─▶ Child
///     set ──────▶ eight bytes ────┘ added to each time of day that it asks for; monotonic clocks are the machine's
/// ```
public final class ShiftedClock: Sendable {
    private let folder: TemporaryDirectory
    private var file: String { folder.file("shift") }

    public init() throws {
        folder = try TemporaryDirectory("clock")
        try bytes(0).write(to: URL(fileURLWithPath: file))
    }

    /// The variables under which a program has this clock.
    public var environment: [String: String] {
        ["LD_PRELOAD": Executable.path("libShiftedClock.so"), "SHIFTED_CLOCK": file]
    }

    /// Sets the clock, also of programs that run: so many seconds ahead of the machine's, or behind it.
    public func set(aheadBy seconds: Int64) throws {
        // In place: the programs have these very bytes mapped.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        try handle.write(contentsOf: bytes(seconds))
        try handle.close()
    }

    private func bytes(_ seconds: Int64) -> Foundation.Data { withUnsafeBytes(of: seconds) { Foundation.Data($0) } }
}
