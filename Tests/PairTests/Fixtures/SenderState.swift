import Foundation
import TestKit

/// What `diode-send status --json` says, as far as a test asks for it.
struct SenderState {
    let epoch: Int
    let sequence: Int
    /// Blocks that have not left.
    let waitingBlocks: Int
    /// Values that wait for the rate of their rule.
    let waitingValues: Int
    /// Messages that stayed, by their reason.
    let filtered: [String: Int]
    /// How the OT broker broke MQTT, by kind.
    let faults: [String: Int]
    /// Whether a fetch of the retained set has ended.
    let hasFetched: Bool

    /// - Returns: nil while the daemon does not answer.
    init?(_ pair: DiodePair) async throws {
        let answer = try await pair.status(.sender)
        guard let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any],
            let epoch = object["epoch"] as? Int, let sequence = object["sequence"] as? Int,
            let backlog = (object["journal"] as? [String: Any])?["backlog_blocks"] as? Int,
            let unsent = (object["emitted"] as? [String: Any])?["unsent_blocks"] as? Int
        else { return nil }
        self.epoch = epoch
        self.sequence = sequence
        waitingBlocks = backlog + unsent
        waitingValues = (object["records"] as? [String: Any])?["waiting"] as? Int ?? 0
        filtered = object["filtered"] as? [String: Int] ?? [:]
        let subscription = object["subscription"] as? [String: Any]
        faults = subscription?["faults"] as? [String: Int] ?? [:]
        hasFetched = subscription?["retained_topics"] is Int
    }
}

extension DiodePair {
    /// Waits until the sender says that it is well, whether anybody receives or not.
    func waitUntilSenderIsWell() async throws {
        let isWell = try await eventually(.seconds(20)) { try await status(.sender).succeeded }
        guard isWell else { throw CommandFailed(description: "diode-send: \(sender?.errors ?? "never started")") }
    }

    /// Waits until so many records of the living epoch, and all that waited, have left the sender.
    func hasSent(_ count: Int) async throws -> Bool {
        try await eventually {
            guard let state = try await SenderState(self) else { return false }
            return state.sequence == count && state.waitingBlocks == 0
        }
    }

    /// Writes what is missing into a bundle.
    /// - Returns: its path.
    func writeBundle() async throws -> String {
        let path = folder.file("wanted.bundle")
        _ = try await run([
            Executable.path("diode-recv"), "--audit", "--config", receiverConfiguration, "--bundle", path,
        ])
        return path
    }

    /// Gives a bundle to the sender.
    func resend(_ bundle: String) async throws -> Finished {
        try await run([
            Executable.path("diode-send"), "resend", "--config", senderConfiguration, "--bundle", bundle,
        ])
    }
}
