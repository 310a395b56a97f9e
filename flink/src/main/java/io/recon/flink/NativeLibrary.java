package io.recon.flink;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The native library, which lies in this jar. Each class loader loads a copy of its own, under a name that no other has: so a
 * job can be submitted again, and several versions of it run side by side. The file is deleted as soon as it is loaded.
 */
final class NativeLibrary {
    static {
        load();
    }

    private NativeLibrary() {}

    /** Loads it, if that was not done yet. */
    static void ensureLoaded() {
        // the class was initialised
    }

    private static void load() {
        String system = System.getProperty("os.name");
        String processor = System.getProperty("os.arch");
        String folder =
                switch (processor) {
                    case "amd64", "x86_64" -> "linux-x86_64";
                    case "aarch64", "arm64" -> "linux-aarch64";
                    default -> null;
                };
        String name = folder == null ? null : "/native/" + folder + "/librecon_flink.so";
        try (InputStream library = name == null ? null : NativeLibrary.class.getResourceAsStream(name)) {
            if (library == null || !system.equals("Linux")) {
                throw new UnsatisfiedLinkError("recon's Flink job has no native library for " + system + " on " + processor);
            }
            Path copy = Files.createTempFile("recon-flink-", ".so");
            try {
                Files.copy(library, copy, StandardCopyOption.REPLACE_EXISTING);
                System.load(copy.toAbsolutePath().toString());
            } finally {
                Files.deleteIfExists(copy);
            }
        } catch (IOException error) {
            throw new UnsatisfiedLinkError(
                    "recon's native library can't be copied to "
                            + System.getProperty("java.io.tmpdir")
                            + " (env.java.opts.all: -Djava.io.tmpdir=... names another folder): "
                            + error);
        }
    }
}
