import DiodeProtocol
import Foundation
import TestKit
import Testing

@testable import ReceiverIT

@Suite("diode-recv --audit --bundle", .timeLimit(.minutes(2)))
struct BundleTests {
    @Test(
        "W-38 W-43 the bundle asks for the missing blocks and no others, at most 64 KiB, and none is written for nothing"
    )
    func missing() async throws {
        let receiver = try AuditedReceiver()
        let path = receiver.folder.file("plant-a.bundle")
        try receiver.start()
        try receiver.emit([receiver.sender.live(count: 10)])
        #expect(await receiver.waitUntil(sent: 10))
        receiver.stop()
        let none = try await receiver.command(["--audit", "--bundle", path])
        #expect(none.exit == .code(0) && none.errors.contains("no bundle is needed"))
        #expect(!FileManager.default.fileExists(atPath: path))
        try receiver.start()
        var lost: [TestBlock] = []
        for count in [1, 3, 2] {
            lost += (0..<count).map { _ in receiver.sender.live(count: 2) }
            try receiver.emit([receiver.sender.live(count: 5)])
        }
        #expect(await receiver.waitUntil(sent: 37, missing: 12))
        receiver.stop()
        let finished = try await receiver.command(["--audit", "--bundle", path, "--format", "csv"])
        #expect(finished.exit == .code(3) && finished.errors.contains("asks for 6 blocks in 3 runs"))
        let bundle = try ResendBundle(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
        #expect(bundle.link == "plant-a" && bundle.fingerprint == receiver.sender.card.fingerprint)
        #expect(bundle.runs.map(\.blocks) == [2...2, 4...6, 8...9].map { $0.blocks })
        // The sender plays them: everything is whole.
        try receiver.start()
        try receiver.emit(lost, transmission: 5)
        #expect(await receiver.waitUntil(sent: 37))
        receiver.stop()
        #expect(try await receiver.audit(["--verify"]).exit == .code(0))
    }

    @Test("W-43 a block whose records all came as slots is not asked for")
    func filled() async throws {
        let receiver = try AuditedReceiver()
        let plant = StatePlant(receiver.sender)
        try receiver.start()
        try receiver.emit([plant.publish("a", "1")])
        #expect(await receiver.waitUntil(sent: 1))
        _ = plant.publish("b", "2")
        try receiver.emit([plant.publish("a", "3")])
        #expect(await receiver.waitUntil(sent: 3, missing: 1))
        try receiver.emit([receiver.sender.beat()] + plant.slices())
        #expect(await receiver.waitUntil(sent: 3))
        receiver.stop()
        let path = receiver.folder.file("plant-a.bundle")
        let finished = try await receiver.command(["--audit", "--bundle", path])
        #expect(finished.exit == .code(0) && finished.errors.contains("no bundle is needed"), "\(finished.errors)")
    }
}

extension ClosedRange<Int> {
    fileprivate var blocks: ClosedRange<BlockNumber> {
        BlockNumber(rawValue: UInt64(lowerBound))...BlockNumber(rawValue: UInt64(upperBound))
    }
}
