package io.recon.flink;

/** Parses a configuration in C, so that it is the same in every home. */
final class NativeConfig {
    static {
        NativeLibrary.ensureLoaded();
    }

    private NativeConfig() {}

    static native byte[] parse(byte[] text, byte[] file, byte[] variables);
}
