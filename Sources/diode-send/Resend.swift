internal import Commands
internal import Configuration
internal import Control
internal import Crypto
internal import DiodeProtocol
internal import JSON
internal import KeyFiles
internal import SenderOT
internal import SenderOTJournal
internal import Threading

/// `diode-send resend`: what the receiver misses, as its bundle says, is queued in the journal and played by the daemon, or by the next
/// one that starts.
enum Resend {
    private static let command = "resend"

    static func run(_ invocation: Invocation) throws -> ExitCode {
        let configuration = try SenderConfiguration(path: invocation.required("--config"))
        let path = invocation.required("--bundle")
        let bundle = try read(path)
        let key = try KeyFile.readEd25519(configuration.link.key.resolved).publicKey
        guard bundle.fingerprint == LinkCard.fingerprint(of: key) else {
            throw Program.Failure(
                "\(path): the bundle is for link \(bundle.link) with the key \(bundle.fingerprint), which is not the key of this sender"
            )
        }
        let answer = try queue(bundle, state: configuration.state.resolved)
        guard Terminal.line("blocks queued: \(answer.held), no more in the journal: \(answer.gone)") else {
            return .failure
        }
        return answer.held == 0 ? .failure : answer.gone == 0 ? .success : .degraded
    }

    /// What the daemon does with a request; nil if it is another one.
    static func answer(_ request: JSONValue, _ service: SenderService, by peer: ControlPeer) -> JSONValue? {
        guard request["command"]?.text == command, let text = request["bundle"]?.text else { return nil }
        do {
            let bundle = try ResendBundle(parsing: Array(text.utf8))
            guard bundle.fingerprint == LinkCard.fingerprint(of: service.publicKey) else {
                return ["error": "the bundle is for another key than this daemon's"]
            }
            let answer = try service.resend(bundle, by: peer.description)
            return ["held": .number(answer.held), "gone": .number(answer.gone)]
        } catch {
            return ["error": .text("\(error)")]
        }
    }

    private static func read(_ path: String) throws -> ResendBundle {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try WholeFile.read(path, maximumBytes: WireLimits.maximumBundleBytes)
        } catch {
            throw Program.Failure("\(path): \(error.reason)")
        }
        do throws(BundleError) { return try ResendBundle(parsing: bytes) } catch {
            throw Program.Failure("\(path): \(error)")
        }
    }

    private static func queue(_ bundle: ResendBundle, state: String) throws -> ResendAnswer {
        if StateLock.isHeld(state: state) {
            let answer: JSONValue
            do throws(ControlError) {
                answer = try ControlClient.ask(
                    state: state, ["command": .text(command), "bundle": .text(bundle.text)], timeout: .seconds(60))
            } catch { throw Program.Failure(error) }
            guard let held = answer["held"]?.integer, let gone = answer["gone"]?.integer else {
                throw Program.Failure("the daemon answered: \(answer["error"]?.text ?? answer.line)")
            }
            return ResendAnswer(held: UInt64(clamping: held), gone: UInt64(clamping: gone))
        }
        guard WholeFile.exists(state) else { throw Program.Failure("\(state): there is no journal") }
        let lock = try StateLock(state: state)
        defer { withExtendedLifetime(lock) {} }
        return try ResendQueue.add(bundle, in: state)
    }
}
