internal import Commands
internal import Configuration
internal import Control
internal import Crypto
internal import DiodeProtocol
internal import JSON
internal import KeyFiles
internal import SenderOT
internal import Threading
internal import Time

/// `diode-send card`: a fresh card of the same key. Receivers without state refuse what is older than its lowest epoch:
/// that of the running daemon, or one that the next start will exceed.
enum CardIssue {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let configuration = try SenderConfiguration(path: invocation.required("--config"))
        let path = invocation.required("--out")
        if WholeFile.exists(path) {
            // Replacing a card is what this is for; replacing anything else would be a slip.
            do throws(CardFileError) { _ = try CardFile.read(path) } catch {
                throw Program.Failure("\(path): exists and is no card, so it is not overwritten")
            }
        }
        var signer = try KeyFile.readEd25519(configuration.link.key.resolved)
        let now = UnixClock.now()
        let card = try LinkCard(
            link: configuration.link.name, signer: &signer,
            lowestEpoch: try epoch(of: configuration.state.resolved) ?? Epoch(rawValue: max(1, now.rawValue)),
            issued: now)
        try CardFile.replace(path, card)
        return Terminal.line(card.fingerprint) ? .success : .failure
    }

    /// The epoch of the daemon that runs on a state; nil if none does.
    private static func epoch(of state: String) throws(Program.Failure) -> Epoch? {
        guard StateLock.isHeld(state: state) else { return nil }
        let answer: JSONValue
        do throws(ControlError) { answer = try ControlClient.ask(state: state, StatusReport.request) } catch {
            throw Program.Failure(error)
        }
        guard let epoch = answer["epoch"]?.integer, epoch > 0 else {
            throw Program.Failure("the daemon on \(state) does not tell its epoch")
        }
        return Epoch(rawValue: UInt64(epoch))
    }
}
