internal import Glibc
package import Threading

/// Sets an integer option of a socket.
package func setOption(
    _ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32, _ name: String
) throws(SystemError) {
    var value = value
    guard setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
        throw .last("setsockopt \(name)")
    }
}

/// Binds a socket to a network interface by name.
package func bindToInterface(_ socket: Int32, _ name: String) throws(SystemError) {
    guard setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.utf8.count)) == 0 else {
        throw .last("setsockopt \(DatagramError.boundOption) \(name)")
    }
}
