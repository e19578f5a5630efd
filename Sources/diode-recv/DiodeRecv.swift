// diode-recv: receives what links bring and publishes it on the IT broker.
//
//   1. Run.swift — the daemon: receive, publish, drain
//   2. PasswordFile.swift — the broker's password
//   3. StatusReply.swift — the daemon's answer to `status`

@main
struct DiodeRecv {
    static func main() {}
}
