import Account
import Crypto
import DiodeProtocol
import ReceiverIT
import ReceiverITCore
import SenderOT
import TestKit
import Time
import SenderOTCore

// What each fault does to the pair. How long things last is drawn around what the echo schedule reaches.
extension PairSimulation {
    private static let day: Int64 = 86_400_000

    /// How the receiver is, as far as a fault can tell.
    var condition: ReceiverCondition {
        if receiver.downUntil != nil { return .down }
        if receiver.isRestoring { return .restoring }
        let (state, account) = (receiver.core.state.state, receiver.core.account)
        guard receiver.core.heardUntil != nil else { return .fresh }
        if state == .stale { return .stale }
        if receiver.core.epochs.last?.epoch != sender.core.epoch { return .epochPending }
        if account.missing > 0 { return isEchoPending ? .echoPending : .gapOpen }
        return receiver.core.replica.isSettled ? .settled : .unsettled
    }

    private var isEchoPending: Bool {
        let gaps = receiver.core.gaps.filter { $0.missing > 0 }
        return sender.journal.willEcho { id in
            gaps.contains { $0.epoch == id.epoch && $0.firstBlock...$0.lastBlock ~= id.block }
        }
    }

    mutating func begin(_ planned: PlannedFault) throws {
        let until = now + (planned.durationNanoseconds ?? duration())
        switch planned.fault {
        case .burst: hurtBlocks += Int.random(in: 1...3, using: &random)
        case .loss:
            lossyUntil = until
            injector.faults.loss = draw(0.5) ? Double.random(in: 0.05...0.6, using: &random) : 0
            injector.faults.burstBegin = Double.random(in: 0...0.2, using: &random)
        case .outage: cutUntil = until
        case .receiverKill: try killReceiver()
        case .receiverDown:
            try killReceiver()
            receiver.downUntil = until
        case .senderKill: try restartSender(lostBlocks: 0)
        case .senderPowerLoss: try restartSender(lostBlocks: Int.random(in: 1...5, using: &random))
        case .senderStall: sender.stalledUntil = until
        case .forgedBeats: forgeUntil = until
        case .replay:
            replayUntil = until
            injector.faults.replay = 0.5
        case .receiverClock: receiverClock += draw(0.5) ? Self.day : -Self.day
        case .senderClock:
            senderClock += draw(0.5) ? Self.day : -Self.day
            try restartSender(lostBlocks: 0)
        case .topicFlood: try floodTopics()
        case .journalShort: sender.shortenJournal(to: Int.random(in: 1...6, using: &random))
        }
    }

    /// Shorter than the first echo, between two of them, or longer than all.
    private mutating func duration() -> UInt64 {
        let echo = scenario.echoes.randomElement(using: &random) ?? scenario.beatNanoseconds
        let share = [0.1, 0.5, 0.95, 1.05, 1.5].randomElement(using: &random) ?? 0.5
        return UInt64(Double(echo) * share)
    }

    // MARK: Link

    /// Ends what has lasted long enough.
    mutating func noteTemporaryFaults() {
        if lossyUntil > 0, now >= lossyUntil {
            lossyUntil = 0
            injector.faults.loss = scenario.link.loss
            injector.faults.burstBegin = scenario.link.burstBegin
        }
        if replayUntil > 0, now >= replayUntil {
            replayUntil = 0
            injector.faults.replay = scenario.link.replay
        }
    }

    /// About as many frames of a live block as erasure coding restores.
    mutating func framesToDrop(of block: ClosedBlock) -> Set<Int> {
        guard hurtBlocks > 0, block.id.channel == .live else { return [] }
        hurtBlocks -= 1
        let repair = block.shape.symbolCount - block.shape.sourceSymbols
        let count = min(max(repair + Int.random(in: -1...1, using: &random), 0), block.shape.symbolCount)
        return Set((0..<block.shape.symbolCount).shuffled(using: &random).prefix(count))
    }

    /// A beat with numbers that its signature does not cover: some bytes of the header are others.
    mutating func forgedBeat(_ frame: [UInt8]) -> [UInt8] {
        var forged = frame
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = Int.random(in: 4..<96, using: &random)
            forged[index] &+= UInt8.random(in: 1...255, using: &random)
        }
        return forged
    }

    // MARK: Receiver

    private mutating func killReceiver() throws {
        guard receiver.downUntil == nil else { return }
        outcome.receiverRestarts += 1
        outcome.forgotten += try receiver.kill(seed: random.next(), now: instant, time: receiverTime)
        model.killReceiver()
        freshness.restart()
        try checkAccount()
    }

    /// It starts from its database, which nothing has changed since the kill.
    mutating func startReceiver() throws {
        receiver.downUntil = nil
        _ = try receiver.kill(seed: random.next(), now: instant, time: receiverTime)
        freshness.restart()
        try checkAccount()
    }

    // MARK: Sender

    /// A restart: what was in no block, or in one that a loss of power took, the OT broker delivers again.
    private mutating func restartSender(lostBlocks: Int) throws {
        outcome.restarts += 1
        if scenario.rotates { try rotate() }
        let restart = sender.restart(
            lostBlocks: lostBlocks, clock: senderTime.rawValue, incarnation: random.next(), now: instant)
        model.end(restart.end.epoch, at: restart.end.lastCommitted, void: restart.void)
        for record in restart.again { try publish(record) }
        sender.endGulp(idle: draw(0.5), now: instant)
    }

    /// The key hands over to the next one, and is gone.
    private mutating func rotate() throws {
        guard statements.count < KeyChain.maximumCards - 1 else { return }
        func signer(_ number: Int) throws -> Ed25519Signer {
            var seed = Self.seedOfKey
            seed[0] &+= UInt8(number)
            return try Ed25519Signer(seed: seed.span.bytes)
        }
        var former = try signer(statements.count)
        var next = try signer(statements.count + 1)
        let card = try LinkCard(
            link: "simulated", signer: &next, lowestEpoch: Epoch(rawValue: Self.wallClock), issued: senderTime)
        statements.append(try Rotation(to: card, signer: &former))
        encoder = TransmissionEncoder(signer: next)
    }

    private mutating func floodTopics() throws {
        for index in 0..<Int.random(in: 5...30, using: &random) {
            var record = randomRecord()
            record.topic = "acme/flood/\(now)/\(index)"
            try publish(record)
        }
        sender.endGulp(idle: true, now: instant)
    }

    /// What a bundle names is played once more.
    mutating func resend() throws {
        for gap in receiver.core.gaps {
            for transmission in sender.resend(gap.firstBlock...gap.lastBlock, of: gap.epoch) { try emit(transmission) }
        }
    }
}
