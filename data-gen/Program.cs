return Analytics.DataGen.GeneratorCommands.Run(args, Console.Out, Console.Error);
