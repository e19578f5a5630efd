import Foundation
import TestKit
import Testing

/// D15, P4: what the documents say is enough to check a link and a ledger, with programs that share nothing with ours.
@Suite("An independent reader", .serialized, .timeLimit(.minutes(2)))
struct IndependentReaderTests {
    /// A bit of each field of a frame of version 2 in one part, of a transmission of several symbols: its byte and the bit.
    private static let fields: [(name: String, place: Int, bit: UInt8)] = [
        ("magic", 0, 1), ("version", 4, 4), ("channel", 5, 1), ("flags", 6, 1), ("K", 7, 2), ("link", 8, 1),
        ("epoch", 31, 1), ("incarnation", 32, 1), ("block", 47, 2), ("transmission", 49, 1), ("first ESI", 50, 1),
        ("N", 51, 4), ("T", 53, 1), ("part", 54, 1), ("parts", 55, 2), ("packed", 59, 1), ("plain", 63, 1),
        ("first sequence", 71, 1), ("last sequence", 79, 1), ("content hash", 80, 1), ("suite", 96, 2),
        ("salt", 97, 1), ("ESI", 113, 1), ("signature", 114, 1), ("path", 178, 1),
    ]

    /// Runs one statement on a database that nobody else uses.
    /// - Returns: the first column of each row, a line each.
    private static func sql(_ statement: String, _ path: String) async throws -> String {
        let program = """
            import sqlite3, sys
            database = sqlite3.connect(sys.argv[1])
            for row in database.execute(sys.argv[2]): print(row[0])
            database.commit()
            """
        return try await runSuccessfully(["python3", "-c", program, path, statement])
    }

    /// A link that has carried `acme/1` to `acme/40`, with both sides stopped.
    private static func pair(isSealed: Bool) async throws -> DiodePair {
        let ot = try await Broker.start()
        let it = try await Broker.start()
        var settings = DiodePair.Settings()
        settings.record = 100_000
        if isSealed {
            settings.senderLink = "seal: \"it.seal\""
            settings.receiver = ["seal_keys": "[\"it.seal-key\"]"]
        }
        let pair = try await DiodePair(ot: ot, it: it, settings)
        try await runSuccessfully([
            Executable.path("diode-recv"), "keygen", "--out", pair.folder.path, "--name", "it",
        ])
        let collector = try await it.subscribe("acme/#")
        try await pair.start()
        for number in 1...40 { try await ot.publish("acme/\(number)", "value \(number)", retain: true) }
        #expect(await collector.messages(atLeast: 40).count == 40)
        try await pair.waitUntilAuditIsWell()
        try await pair.stop()
        return pair
    }

    @Test("W-11 W-27 W-36 W-50 it gets from every vector of frames, seals, cards and rotations what the vector says")
    func vectors() async throws {
        let vectors = Executable.projectRoot + "/Tests/DiodeProtocolTests/Vectors"
        let finished = try await run(["python3", "-B", vectors + "/read.py"])
        #expect(finished.succeeded, "\(finished.output)\(finished.errors)")
        let files = try ["frames", "seals", "cards", "rotations"].map {
            try FileManager.default.contentsOfDirectory(atPath: "\(vectors)/\($0)").count
        }
        #expect(finished.output.contains("\(files.reduce(0, +)) agree"), "\(finished.output)")
    }

    @Test(
        "P4 every frame of a real link is authentic to it, and each bit that is flipped is found",
        arguments: [false, true])
    func frames(isSealed: Bool) async throws {
        let pair = try await Self.pair(isSealed: isSealed)
        let recorded = try #require(pair.relay).recorded
        let card = pair.folder.file("plant-a.card")
        let file = pair.folder.file("capture")
        let keys = isSealed ? ["--seal-key", pair.folder.file("it.seal-key")] : []
        func check(_ data: Data, _ keys: [String]) async throws -> Finished {
            try data.write(to: URL(fileURLWithPath: file))
            return try await IndependentReader.run("frames.py", keys + [card, file])
        }

        for data in [Capture.plain(recorded), Capture.pcap(recorded)] {
            let whole = try await check(data, keys)
            #expect(whole.succeeded, "\(whole.output)\(whole.errors)")
            #expect(
                whole.output.contains("authentic \(recorded.count): \(recorded.count) of version 2"), "\(whole.output)")
            #expect(whole.output.contains("; sequences 1-40; missing none;"), "\(whole.output)")
            #expect(whole.output.contains("the last sequence 40,"), "\(whole.output)")
        }
        if isSealed {
            let unread = try await check(Capture.plain(recorded), [])
            #expect(unread.succeeded && unread.output.contains(" not read"), "\(unread.output)")
            #expect(!unread.output.contains("the last sequence"), "\(unread.output)")
        }

        // K of the N symbols are enough: of each transmission the first one is left out, repetitions with it.
        let lessened = recorded.filter { $0[113] != $0[50] }
        let repaired = try await check(Capture.plain(lessened), keys)
        #expect(repaired.succeeded && repaired.output.contains("; sequences 1-40; missing none;"), "\(repaired.output)")
        #expect(repaired.output.contains("the last sequence 40,"), "\(repaired.output)")

        // Each forgery stands before the frame that it is made of, so that nothing is settled by then, and behind all once more.
        let original = try #require(recorded.first { $0[5] == 0 && $0[51] > 1 })
        var forged = Self.fields.map { _, place, bit in
            var frame = original
            frame[place] ^= bit
            return frame
        }
        forged.append(original.dropLast() + [original[original.count - 1] ^ 0x80])
        forged.append(original.dropLast())
        forged.append([])
        let found = try await check(Capture.plain(forged + recorded + forged), keys)
        #expect(found.exit == .code(5), "\(found.output)")
        #expect(found.output.contains("authentic \(recorded.count): "), "\(found.output)")
        for number in Array(1...forged.count) + (1...forged.count).map({ $0 + forged.count + recorded.count }) {
            #expect(found.output.contains("forged or malformed: frame \(number): "), "frame \(number): \(found.output)")
        }
    }

    @Test(
        "D15 it follows the ledger of a real receiver, and finds a changed row, a deleted entry and a tail that was cut, as --verify does",
        arguments: [false, true])
    func ledger(isSealed: Bool) async throws {
        let pair = try await Self.pair(isSealed: isSealed)
        let state = pair.folder.file("recv.db")
        let earlier = pair.folder.file("earlier.db")
        try FileManager.default.copyItem(atPath: state, toPath: earlier)
        try pair.startReceiver()
        #expect(await eventually { pair.receiver?.errors.contains(" started: ") == true })
        #expect(try await pair.receiver?.terminate() == .code(0))
        let log = pair.receiver?.errors ?? ""
        let head = try #require(log.matches(of: /ledger\.head: .*head=(\S+)/).last.map { String($0.output.1) })
        let keys = isSealed ? ["--seal-key", pair.folder.file("it.seal-key")] : []
        func check(_ path: String, _ more: [String] = []) async throws -> Finished {
            try await IndependentReader.run(
                "ledger.py",
                ["--card", pair.folder.file("plant-a.card"), "--audit-key", state + ".audit-key"] + keys + more + [path]
            )
        }

        let whole = try await check(state, ["--head", head])
        #expect(whole.succeeded, "\(whole.output)\(whole.errors)")
        for words in [
            " signed beats agree", " tables are as they were sealed", "as noted at entry", "up to sequence 40,",
        ] {
            #expect(whole.output.contains(words), "\(words): \(whole.output)")
        }
        #expect(!whole.output.contains("not proven"), "\(whole.output)")

        // The document that it was written from names every kind of entry that there is.
        let document = try String(contentsOfFile: Executable.projectRoot + "/docs/EVIDENCE.md", encoding: .utf8)
        let kinds = try await Self.sql("SELECT DISTINCT kind FROM ledger", state).split(separator: "\n")
        #expect(kinds.count > 5)
        for kind in kinds { #expect(document.contains("`\(kind)`"), "\(kind)") }

        // An earlier file holds by itself; only a head that was noted since tells.
        let old = try await check(earlier)
        #expect(old.succeeded && old.output.contains("not proven: "), "\(old.output)")
        let cut = try await check(earlier, ["--head", head])
        #expect(cut.exit == .code(5) && cut.output.contains("its tail was cut"), "\(cut.output)")

        let original = try Data(contentsOf: URL(fileURLWithPath: state))
        let forgeries = [
            "UPDATE ledger SET at = at + 1 WHERE entry = 3", "DELETE FROM ledger WHERE entry = 4",
            "DELETE FROM ledger WHERE entry = (SELECT max(entry) FROM ledger)",
            "UPDATE epochs SET delivered = delivered + 1",
            "DELETE FROM outbox_totals", "DELETE FROM seal",
            "UPDATE seal SET sums = replace(sums, 'links 1 ', 'links 2 ')",
        ]
        for forgery in forgeries {
            try original.write(to: URL(fileURLWithPath: state))
            _ = try await Self.sql(forgery, state)
            let found = try await check(state)
            #expect(
                found.exit == .code(5) && found.output.contains("broken: "),
                "\(forgery): \(found.output)\(found.errors)")
            let audit = try await run([
                Executable.path("diode-recv"), "--audit", "--verify", "--config", pair.receiverConfiguration,
            ])
            #expect(audit.exit == .code(5), "\(forgery): \(audit.output)\(audit.errors)")
        }
    }
}
