/*
 * Debian's static jansson names stdin in a function that nobody here calls, in a way that a shared library can't take
 * from libc. The linker gives it this one instead (--wrap=stdin).
 */
void *__wrap_stdin; /* NOLINT: the linker's name */
