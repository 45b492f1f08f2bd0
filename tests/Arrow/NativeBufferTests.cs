using Analytics.Engine.Arrow;
using Xunit;

namespace Analytics.Tests.Arrow;

public class NativeBufferTests
{
    [Fact]
    public unsafe void Copy_LengthsAroundOneAndTwoBlocks_IsAlignedAndPaddedWithZeros()
    {
        for (var length = 0; length <= 130; length++)
        {
            byte[] bytes = [.. Enumerable.Range(1, length).Select(i => (byte)i)];
            using var buffer = NativeBuffer.Copy<byte>(bytes);
            var padded = Math.Max(64, (length + 63) / 64 * 64);

            Assert.Equal(0, buffer.Address % NativeBuffer.AlignmentBytes);
            Assert.Equal(length, buffer.LengthBytes);
            Assert.Equal(bytes, buffer.Span<byte>());
            Assert.Equal(-1, new ReadOnlySpan<byte>((void*)buffer.Address, padded)[length..].IndexOfAnyExcept((byte)0));
        }
    }

    [Fact]
    public void Create_FillWritesState_HoldsIt()
    {
        using var buffer = NativeBuffer.Create<long, long>(3, 7, static (target, state) => target.Fill(state));

        Assert.Equal([7, 7, 7], buffer.Span<long>());
        Assert.Equal(24, buffer.LengthBytes);
    }

    [Fact]
    public void Create_LengthOutOfReach_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NativeBuffer.Create<byte, int>(-1, 0, static (_, _) => { }));
        Assert.Throws<OverflowException>(() => NativeBuffer.Create<long, int>(int.MaxValue / 4, 0, static (_, _) => { }));
    }

    [Fact]
    public void Dispose_Twice_FreesOnceAndLaterUseThrows()
    {
        var buffer = NativeBuffer.Copy<int>([1, 2, 3]);

        buffer.Dispose();
        buffer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => buffer.Address);
        Assert.Throws<ObjectDisposedException>(() => buffer.Span<int>().Length);
        Assert.Equal(12, buffer.LengthBytes);
    }

    [Fact]
    public void Dispose_ManyThreads_FreesOnce()
    {
        for (var i = 0; i < 200; i++)
        {
            var buffer = NativeBuffer.Copy<int>([i]);
            Parallel.For(0, 4, _ => buffer.Dispose());
        }
    }
}
