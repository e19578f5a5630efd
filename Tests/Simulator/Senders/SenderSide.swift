import Crypto
import DiodeProtocol
import SenderOTCore
import TestKit
import Time

/// One of the senders of a link: its core, its journal and its key.
final class SenderSide {
    let place: Int
    let card: LinkCard
    let sender: SimulatedSender
    private var encoder: TransmissionEncoder
    /// Nothing runs here until somebody starts it.
    var isUp = true
    /// What the plant's broker holds for it, as the queue of a session that is not connected.
    var queue: [PublishedRecord] = []

    var isActive: Bool { isUp && !sender.standsBy }
    var epoch: Epoch { sender.core.epoch }

    init(_ place: Int, _ scenario: PairScenario, time: UnixMilliseconds, now: MonotonicInstant) throws {
        self.place = place
        var signer = try Ed25519Signer(seed: [UInt8](repeating: UInt8(60 + place), count: 32).span.bytes)
        card = try LinkCard(link: "simulated", signer: &signer, lowestEpoch: Epoch(rawValue: 1), issued: time)
        sender = try SimulatedSender(
            scenario, epoch: time.rawValue + UInt64(place), incarnation: UInt64(place + 1), now: now)
        encoder = TransmissionEncoder(signer: signer)
    }

    /// Topics of which it has said something.
    private var topics: Set<String> = []
    func hasSaid(_ topic: String) -> Bool { topics.contains(topic) }
    func noteSaid(_ topic: String) { topics.insert(topic) }

    /// What leaves now.
    func takeFrames(now: MonotonicInstant, time: UnixMilliseconds) throws -> [[UInt8]] {
        guard isUp else { return [] }
        let (_, beats) = sender.advance(now: now, time: time)
        var arena = FrameArena()
        var frames: [[UInt8]] = []
        for transmission in beats + sender.takeTransmissions(now: now) {
            try encoder.encode(
                transmission.block, transmission: transmission.number, firstSymbol: transmission.firstSymbol,
                into: &arena)
            for index in 0..<arena.frameCount { frames.append(arena.frame(index).withUnsafeBytes { Array($0) }) }
        }
        return frames
    }
}
