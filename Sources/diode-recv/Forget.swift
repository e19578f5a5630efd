internal import Commands
internal import Configuration
internal import Control
internal import DiodeProtocol
internal import Glibc
internal import JSON
internal import KeyFiles
internal import MQTT
internal import MQTTProtocol
internal import ReceiverIT
internal import ReceiverITStore
internal import Republish
internal import Threading
internal import Time

/// `diode-recv forget`: what a removed link left goes, first on the IT broker, then in the database. The daemon that runs writes the latter;
/// where none does, the command itself.
enum Forget {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let link = invocation.required("--link")
        let configuration = try ReceiverConfiguration(path: invocation.required("--config"))
        guard !configuration.links.contains(where: { $0.name == link }) else {
            throw Program.Failure("\(link) is still configured: take it out of links, and restart the daemon, first")
        }
        let state = configuration.state.resolved
        guard WholeFile.exists(state) else { throw Program.Failure("\(state): no receiver has run here yet") }
        let deleted = try sweep(link, configuration)
        let removal = LinkRemoval(link: link, deleted: deleted, account: ControlPeer.own.description)
        let lock = try OperatorRequest.lock(state)
        let words: String
        if lock == nil {
            words = try OperatorRequest.ask(removal.request, expecting: "forgotten", state: state)
        } else {
            do throws(OperatorError) {
                words = try removal.store(inDatabase: state, at: UnixClock.now())
            } catch { throw Program.Failure(error) }
        }
        withExtendedLifetime(lock) {}
        Terminal.line("forgotten: \(words)")
        return .success
    }

    /// The daemon's answer.
    static func answer(to removal: LinkRemoval, _ service: ReceiverService) -> JSONValue {
        do throws(OperatorError) {
            return ["forgotten": .text(try service.remove(removal))]
        } catch { return ["error": .text(error.description)] }
    }

    private static func sweep(_ link: String, _ configuration: ReceiverConfiguration) throws -> UInt64 {
        var settings = try ConnectionSettings(configuration.broker)
        let access = BrokerProbe.connect(settings)
        switch access {
        case .granted(let grant):
            guard grant.version == .v5 else { throw Program.Failure(RetainedSweepError.oldBroker) }
        case .refused(let error): throw Program.Failure("the IT broker: \(error)")
        case .silent: throw Program.Failure("the IT broker did not answer")
        }
        settings.clientIdentifier = "diode-recv-forget-\(link)"
        do throws(RetainedSweepError) {
            return try RetainedSweep(settings, link: link).run()
        } catch { throw Program.Failure(error) }
    }
}
