internal import Commands
internal import Configuration
internal import Control
internal import EventLog
internal import JSON
internal import MQTT
internal import MQTTProtocol
internal import SenderOT
internal import Threading

/// `diode-send run`: the daemon.
///
/// ```text
///  lock the state ─▶ key, epoch, threads ─▶ subscribe … SIGHUP ─▶ policy and key again
///                                                   … SIGTERM ─▶ stop reading, send, acknowledge ─▶ exit 0
/// ```
struct Run {
    /// The file, which SIGHUP reads again.
    let path: String
    let configuration: SenderConfiguration
    /// What `--epoch` demands.
    let epoch: UInt64?
    let log: EventLog

    /// Reads what was asked for and runs until it is told to stop.
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let path = invocation.required("--config")
        let configuration = try SenderConfiguration(path: path)
        var epoch: UInt64?
        if let text = invocation.value("--epoch") {
            guard let number = UInt64(text), number > 0, number < 1 << 63 else {
                throw UsageError("--epoch: \"\(text)\" is no epoch; allowed: 1 to \(UInt64(1) << 63 - 1)")
            }
            epoch = number
        }
        return try Run(
            path: path, configuration: configuration, epoch: epoch, log: EventLog(format: invocation.logFormat())
        )
        .untilStopped()
    }

    /// Runs until SIGTERM or SIGINT. Call it before any thread starts.
    private func untilStopped() throws -> ExitCode {
        let signals = try Signals()
        let lock = try StateLock(state: configuration.state.resolved)
        defer {
            log.finish()
            withExtendedLifetime(lock) {}
        }
        for caution in BrokerCaution.all(configuration.broker) { log.warning("broker.access", caution.description) }
        var configuration = configuration
        // What `--epoch` demands is meant for the first epoch.
        var demanded = epoch
        var clockStep: Int64 = 0
        while case .anotherEpoch(let step) = try serve(&configuration, epoch: demanded, clockStep: clockStep, signals) {
            demanded = nil
            clockStep = clockStep.addingReportingOverflow(step).partialValue
        }
        log.notice("stopped", "done")
        return .success
    }

    /// Why a service ended.
    private enum Ending {
        case stopped
        /// The clock stepped, by so many milliseconds.
        case anotherEpoch(Int64)
    }

    /// Runs one service, which is one epoch.
    private func serve(
        _ configuration: inout SenderConfiguration, epoch: UInt64?, clockStep: Int64, _ signals: borrowing Signals
    ) throws -> Ending {
        let broker = try ConnectionSettings(configuration.broker)
        let service: SenderService
        do throws(SenderServiceError) {
            service = try SenderService(
                configuration, broker: broker, software: ProgramVersion.software, epoch: epoch, clockStep: clockStep,
                log: log)
        } catch {
            throw Program.Failure(error, code: error.isUsage ? .usage : .failure)
        }
        let control = try ControlServer(state: configuration.state.resolved) { request, peer in
            Self.answer(request, of: peer, service)
        }
        defer { control.stop() }
        do throws(SenderServiceError) { try service.start() } catch {
            service.stop()
            throw Program.Failure(error)
        }
        let ending = wait(service, &configuration, signals)
        log.notice("stopping", "sending what was taken")
        service.stop()
        return ending
    }

    /// Answers a command that another process sends. The socket's thread may wait: nothing else needs it.
    private static func answer(_ request: JSONValue, of peer: ControlPeer, _ service: SenderService) -> JSONValue {
        switch request {
        case StatusReport.request: service.status
        case AcceptDeletions.request: AcceptDeletions.answer(service, by: peer)
        default:
            Resend.answer(request, service, by: peer) ?? service.comparison(answering: request)
                ?? ["error": "this daemon answers: status, accept-deletions, resend, compare-export"]
        }
    }

    private func wait(
        _ service: SenderService, _ configuration: inout SenderConfiguration, _ signals: borrowing Signals
    ) -> Ending {
        while true {
            switch signals.next(timeout: .seconds(1)) {
            case .terminate, .interrupt: return .stopped
            case .hangUp: reload(service, &configuration)
            case nil: if let step = service.tick() { return .anotherEpoch(step) }
            }
        }
    }

    private func reload(_ service: SenderService, _ configuration: inout SenderConfiguration) {
        do throws(ConfigError) {
            let new = try SenderConfiguration(path: path)
            service.reload(new)
            configuration = new
        } catch {
            log.error(
                "reload.invalid", "the configuration stays as it was", ["reason": .text(error.description)])
        }
    }
}
