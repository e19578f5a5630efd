internal import Commands
internal import Configuration
internal import Control
internal import DiodeProtocol
internal import Glibc
internal import JSON
internal import KeyFiles
internal import ReceiverIT
internal import ReceiverITStore
internal import Threading
internal import Time

/// `diode-recv ack`: somebody accepts a loss. The daemon that runs writes it; where none does, the command itself.
enum Ack {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let acknowledgement = try acknowledgement(invocation)
        let state = try ReceiverConfiguration(path: invocation.required("--config")).state.resolved
        guard WholeFile.exists(state) else { throw Program.Failure("\(state): no receiver has run here yet") }
        let lock = try OperatorRequest.lock(state)
        let words =
            lock == nil
            ? try OperatorRequest.ask(acknowledgement.request, expecting: "acknowledged", state: state)
            : try store(acknowledgement, in: state)
        withExtendedLifetime(lock) {}
        Terminal.line("acknowledged: \(words)")
        return .success
    }

    /// The daemon's answer.
    static func answer(to acknowledgement: Acknowledgement, _ service: ReceiverService) -> JSONValue {
        do throws(OperatorError) {
            return ["acknowledged": .text(try service.acknowledge(acknowledgement))]
        } catch { return ["error": .text(error.description)] }
    }

    private static func acknowledgement(_ invocation: Invocation) throws(UsageError) -> Acknowledgement {
        guard let item = AcknowledgedItem(invocation.operands[0]) else {
            throw UsageError(
                "\"\(invocation.operands[0])\" is nothing that the audit prints; allowed: 12, gap-12, loss-3, equivocation-57, alteration-58"
            )
        }
        return Acknowledgement(
            item: item, link: invocation.value("--link"),
            by: try text("--by", invocation, maximumBytes: Acknowledgement.maximumByBytes),
            reason: try text("--reason", invocation, maximumBytes: Acknowledgement.maximumReasonBytes),
            account: ControlPeer.own.description)
    }

    private static func text(
        _ option: String, _ invocation: Invocation, maximumBytes: Int
    ) throws(UsageError) -> String {
        let text = invocation.required(option)
        guard text.utf8.contains(where: { $0 > 0x20 }), text.utf8.count <= maximumBytes else {
            throw UsageError("\(option): allowed are 1…\(maximumBytes) bytes of text")
        }
        return text
    }

    private static func store(_ acknowledgement: Acknowledgement, in state: String) throws -> String {
        do throws(OperatorError) {
            return try acknowledgement.store(inDatabase: state, at: UnixClock.now())
        } catch { throw Program.Failure(error) }
    }
}
