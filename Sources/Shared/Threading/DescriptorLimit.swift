internal import Glibc

/// How many descriptors this process may have.
public enum DescriptorLimit {
    /// Raises the soft limit to the hard one: the usual 1,024 is kept for programs that use select, which ours do not.
    ///
    /// Where a sandbox does not let it, the limit stays, and what meets it says so.
    public static func raise() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
    }
}
