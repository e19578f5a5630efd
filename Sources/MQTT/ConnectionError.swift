/// placeholder
public enum ConnectionError: Error, Sendable { case closedByServer }
