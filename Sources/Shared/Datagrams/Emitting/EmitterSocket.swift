internal import CLinux
internal import Datagrams
internal import Glibc
internal import Threading

/// Opens a socket that can only send.
///
/// Three things in the kernel keep it from ever reading (promise P5): a filter that drops every datagram before it is
/// queued, attached before the socket has an address and then locked; reading shut down; and no code here that reads.
enum EmitterSocket {
    static func open(
        to destination: SocketAddress, from source: SocketAddress?, interface: String?
    ) throws(SystemError) -> Int32 {
        let opened = socket(
            destination.family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard opened >= 0 else { throw .last("socket") }
        do throws(SystemError) {
            try refuseInput(opened)
            try neverFragment(opened, family: destination.family)
            if let interface { try bindToInterface(opened, interface) }
            if let source {
                guard source.withSocketAddress({ bind(opened, $0, $1) }) == 0 else {
                    throw .last("bind \(source.description)")
                }
            }
            guard destination.withSocketAddress({ connect(opened, $0, $1) }) == 0 else { throw .last("connect") }
            guard shutdown(opened, Int32(SHUT_RD)) == 0 else { throw .last("shutdown") }
        } catch {
            close(opened)
            throw error
        }
        return opened
    }

    /// A classic BPF program of one instruction, `ret #0`: keep no byte of any datagram.
    private static func refuseInput(_ socket: Int32) throws(SystemError) {
        var dropAll = sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: 0)
        guard cl_attach_filter(socket, &dropAll, 1) == 0 else { throw .last("setsockopt SO_ATTACH_FILTER") }
        try setOption(socket, SOL_SOCKET, SO_LOCK_FILTER, 1, "SO_LOCK_FILTER")
    }

    /// Sets DF and ignores what ICMP says about the path: nothing may come back over a diode, so nothing is believed.
    private static func neverFragment(_ socket: Int32, family: Int32) throws(SystemError) {
        if family == AF_INET6 {
            try setOption(socket, Int32(IPPROTO_IPV6), IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE, "IPV6_MTU_DISCOVER")
        } else {
            try setOption(socket, Int32(IPPROTO_IP), IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, "IP_MTU_DISCOVER")
        }
    }
}
