import Foundation
import TestKit
import Testing

/// D15: a database of the receiver that somebody put back, found by what the IT broker retains.
@Suite("An older database of the receiver", .serialized, .timeLimit(.minutes(2)))
struct OlderDatabaseTests {
    @Test("P9 D15 yesterday's recv.db, put back, is exit 5 without a noted head: the IT broker retains a newer one")
    func restored() async throws {
        let ot = try await Broker.start()
        let it = try await Broker.start()
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        let head = try #require(try await shown(it, behind: nil))
        #expect(try await pair.receiver?.terminate() == .code(0))
        let files = ["recv.db", "recv.db-wal", "recv.db-shm"].map(pair.folder.file)
        let image = try TemporaryDirectory("image")
        for file in files where FileManager.default.fileExists(atPath: file) {
            try FileManager.default.copyItem(atPath: file, toPath: image.file((file as NSString).lastPathComponent))
        }

        // A day of the receiver, which dies in the end: no will takes the head away.
        try pair.startReceiver()
        try await pair.waitUntilWell()
        try await ot.publish("acme/a", "1", retain: true)
        #expect(try await shown(it, behind: head) != nil)
        try await pair.receiver?.kill9()
        for file in files { try? FileManager.default.removeItem(atPath: file) }
        for file in try FileManager.default.contentsOfDirectory(atPath: image.path) {
            try FileManager.default.copyItem(atPath: image.file(file), toPath: pair.folder.file(file))
        }
        #expect(try await AuditAnswer(pair, ["--verify"]).exit != .code(5), "the copy itself is whole")

        try pair.startReceiver()
        var audit = try await AuditAnswer(pair)
        #expect(
            try await eventually(.seconds(20)) {
                audit = try await AuditAnswer(pair)
                return audit.exit == .code(5)
            }, "\(audit)")
        let words = audit.actions("account.altered").compactMap { $0["detail"] as? String }
        #expect(words.count == 1 && words.allSatisfy { $0.contains("the IT broker retains head") }, "\(audit)")
        // It is told once, however often the receiver starts.
        #expect(try await pair.receiver?.terminate() == .code(0))
        try pair.startReceiver()
        // What nobody has accepted keeps the link from being well.
        #expect(
            try await eventually(.seconds(20)) {
                audit = try await AuditAnswer(pair)
                return audit.exit == .code(5) && !audit.isStale
            }, "\(audit)")
        #expect(audit.actions("account.altered").count == 1, "\(audit)")
        try await pair.stop()
    }

    /// Waits for a retained head other than this one.
    private func shown(_ it: Broker, behind head: String?) async throws -> String? {
        var found: String?
        let isThere = try await eventually(.seconds(20)) {
            let retained = try await it.retained("diode/+/head")
            found = "\(retained)"
            return !retained.isEmpty && found != head
        }
        return isThere ? found : nil
    }
}
