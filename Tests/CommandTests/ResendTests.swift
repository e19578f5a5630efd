import DiodeProtocol
import Foundation
import TestKit
import Testing
import Time

@Suite("diode-send resend", .timeLimit(.minutes(2)))
struct ResendTests {
    private let shell: Operator
    private let configuration: String
    private let fingerprint: String

    init() async throws {
        shell = try Operator()
        fingerprint = try await shell.keygen()
        configuration = try shell.writeSender()
    }

    private func write(_ runs: [ResendBundle.Run], fingerprint: String? = nil) throws -> String {
        let asking = ResendBundle.asking(
            for: runs, link: "plant-a", fingerprint: fingerprint ?? self.fingerprint,
            written: UnixMilliseconds(rawValue: 1_800_000_000_000))
        return try shell.folder.write("wanted.bundle", try #require(asking?.bundle.text))
    }

    private func run(_ epoch: UInt64, _ blocks: ClosedRange<UInt64>) -> ResendBundle.Run {
        ResendBundle.Run(
            epoch: Epoch(rawValue: epoch),
            blocks: BlockNumber(rawValue: blocks.lowerBound)...BlockNumber(rawValue: blocks.upperBound))
    }

    private func resend(_ bundle: String) async throws -> Finished {
        try await shell.send("resend", "--config", configuration, "--bundle", bundle)
    }

    @Test("it says how many blocks the journal has and has not: 0 all, 3 some, 1 none; with a daemon and without")
    func answers() async throws {
        let daemon = try Child([Executable.path("diode-send"), "run", "--config", configuration])
        var epoch: UInt64 = 0
        let isUp = try await eventually {
            let status = try await shell.send("status", "--config", configuration, "--json")
            let answer = try? JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
            epoch = answer?["epoch"] as? UInt64 ?? 0
            return epoch > 0
        }
        #expect(isUp, "\(daemon.errors)")
        // Its first block says that it was started.
        var all = try await resend(try write([run(epoch, 1...1)]))
        if all.exit != .code(0) { all = try await resend(try write([run(epoch, 1...1)])) }
        #expect(all.exit == .code(0), "\(all.errors)")
        #expect(all.output == "blocks queued: 1, no more in the journal: 0\n")
        let some = try await resend(try write([run(epoch, 1...1), run(epoch, 500_000...500_002)]))
        #expect(some.exit == .code(3))
        #expect(some.output == "blocks queued: 1, no more in the journal: 3\n")
        let none = try await resend(try write([run(5, 1...2)]))
        #expect(none.exit == .code(1))
        #expect(none.output == "blocks queued: 0, no more in the journal: 2\n")
        #expect(try await daemon.terminate() == .code(0), "\(daemon.errors)")

        let without = try await resend(try write([run(epoch, 1...1), run(epoch + 1, 1...1)]))
        #expect(without.exit == .code(3))
        #expect(without.output == "blocks queued: 1, no more in the journal: 1\n")
    }

    @Test("a bundle of the longest allowed text goes to the daemon, too")
    func longest() async throws {
        let daemon = try Child([Executable.path("diode-send"), "run", "--config", configuration])
        let isUp = try await eventually {
            try await shell.send("status", "--config", configuration).exit != .code(1)
        }
        #expect(isUp, "\(daemon.errors)")
        let runs = (1...20_000 as ClosedRange<UInt64>).map { run(1 << 60, 10 * $0...10 * $0) }
        let path = try write(runs)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count > 60_000)
        let answer = try await resend(path)
        #expect(answer.exit == .code(1))
        #expect(answer.output.hasPrefix("blocks queued: 0, "), "\(answer.errors)")
        #expect(try await daemon.terminate() == .code(0), "\(daemon.errors)")
    }

    @Test(
        "what is no bundle, too long, cut short, of another key, or not there is refused in one line, and nothing is made"
    )
    func refusals() async throws {
        func refused(_ path: String, _ words: String) async throws {
            let answer = try await resend(path)
            #expect(answer.exit == .code(1))
            #expect(answer.output.isEmpty)
            #expect(answer.errors.contains(words), "\(answer.errors)")
            #expect(answer.errors.split(separator: "\n").count == 1)
        }
        let whole = try String(contentsOfFile: try write([run(5, 1...9)]), encoding: .utf8)
        try await refused(
            try shell.folder.write("cut.bundle", String(whole.dropLast("end 9\n".count))), "is cut short or no bundle")
        try await refused(
            try shell.folder.write(
                "high.bundle", whole.replacingOccurrences(of: "1-9", with: "1-99999999999999999999")),
            "line 6")
        try await refused(try shell.folder.write("noise.bundle", "\u{1B}[2J"), "not printable ASCII")
        try await refused(try shell.folder.write("empty.bundle", ""), "not printable ASCII")
        try await refused(
            try shell.folder.write("long.bundle", String(repeating: "x", count: 70_000)), "File too large")
        try await refused(shell.folder.file("none.bundle"), "No such file")
        try await refused(shell.folder.path, "Invalid argument")
        let other = "SHA256:" + String(repeating: "A", count: 43)
        try await refused(try write([run(5, 1...9)], fingerprint: other), "is not the key of this sender")
        try await refused(try write([run(5, 1...9)]), "there is no journal")
        #expect(!FileManager.default.fileExists(atPath: shell.folder.file("send.db")))
    }
}
